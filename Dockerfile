# The grading of the exercises, for instructors. The page for instructors says how it is built and run.
FROM debian:trixie-slim

RUN apt-get update \
 && apt-get install -y --no-install-recommends bubblewrap ca-certificates libseccomp2 python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /book
COPY _config.yml requirements.txt ./
COPY lib lib
COPY exercises/grading exercises/grading

# PyTorch's own wheels for the CPU; what is installed has the versions that the book is tested with.
ARG PIP_ARGS="--extra-index-url https://download.pytorch.org/whl/cpu"
RUN python3 -m venv /venv \
 && /venv/bin/pip install --no-cache-dir $PIP_ARGS -c requirements.txt ./lib ./exercises/grading

RUN useradd --create-home grader
USER grader
WORKDIR /class
ENTRYPOINT ["/venv/bin/python", "-m", "rnn2attn_grading"]
