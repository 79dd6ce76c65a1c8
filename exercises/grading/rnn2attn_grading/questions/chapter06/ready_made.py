"""What the questions of chapter 6 ask to be written, as it can be had ready-made."""

READY_MADE = (
    "rnn2attn.attention",
    "rnn2attn.transformer",
    "torch.nn.MultiheadAttention",
    "torch.nn.functional.multi_head_attention_forward",
    "torch.nn.functional.scaled_dot_product_attention",
)
