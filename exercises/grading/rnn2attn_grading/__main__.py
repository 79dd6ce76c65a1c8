"""`python -m rnn2attn_grading`, see `cli`."""

from rnn2attn_grading.cli import main

if __name__ == "__main__":
    main()
