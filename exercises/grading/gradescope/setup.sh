#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image of an assignment's autograder.
set -euo pipefail
cd "$(dirname "$0")"
export DEBIAN_FRONTEND=noninteractive

apt-get update -qq
apt-get install -y -qq --no-install-recommends bubblewrap ca-certificates libseccomp2 python3 python3-venv
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11, 2))' || {
  echo "Python 3.11.2 or newer is needed, and this image has $(python3 -V). Choose a newer base image." >&2
  exit 1
}
python3 -m venv /opt/rnn2attn
/opt/rnn2attn/bin/pip install --no-cache-dir ${PIP_ARGS---extra-index-url https://download.pytorch.org/whl/cpu} \
  -c requirements.txt ./lib ./exercises/grading
useradd --system grader
chown -R grader .
chmod go= .
