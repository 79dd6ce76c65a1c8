"""`python -m rnn2attn_grading`, see `cli`."""

import sys

if __name__ == "__main__":
    try:  # the import alone takes seconds
        from rnn2attn_grading.cli import main

        main()
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on.", file=sys.stderr)
        sys.exit(130)
