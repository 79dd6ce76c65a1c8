"""What the questions of chapter 7 ask to be written, as it can be had ready-made."""

READY_MADE = ("rnn2attn.linear",)
