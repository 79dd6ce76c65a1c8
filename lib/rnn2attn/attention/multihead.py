"""Multi-head attention: several small attentions side by side, each on its own part of the features."""

from torch import Tensor, nn

from rnn2attn.attention.attending import attend
from rnn2attn.attention.scores import scaled_dot
from rnn2attn.shapes import expect


def split_heads(x: Tensor, heads: int) -> Tensor:
    """Cut the features into heads: (B, T, d_model) → (B, heads, T, d_model / heads).

    Head j gets the features j d_model / heads and following, of every position: the sequence stays whole.

    Raises:
        ValueError: x has not three dimensions, or heads does not divide d_model.
    """
    _divide(expect(x=(x, "B T d_model"))["d_model"], heads)
    return x.unflatten(2, (heads, -1)).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """Heads side by side again, the inverse of `split_heads`: (B, heads, T, d) → (B, T, heads d).

    Raises:
        ValueError: x has not four dimensions.
    """
    expect(x=(x, "B heads T d"))
    return x.transpose(1, 2).flatten(2)


class MultiHeadAttention(nn.Module):
    """[head_1 ; … ; head_h] W_o, head_j = attend(Q W_q,j, K W_k,j, V W_v,j) (Vaswani et al., 2017, section 3.2.2).

    The matrices W_q,j of all heads, side by side, are one square matrix, and likewise those of the keys and values.
    So each is multiplied once, and what comes out is cut into heads of d_k = d_v = d_model / heads features. A row
    vector times a matrix, as the paper writes it, is ``nn.Linear`` with the matrix transposed: (out, in).

    Equal to ``nn.MultiheadAttention(d_model, heads, batch_first=True)``, whose ``in_proj_weight`` is W_q, W_k and W_v
    on top of each other. The masks differ. Here, as in `attend`, True says that a key **may** be used, and so it does
    in ``F.scaled_dot_product_attention``, whose mask must broadcast to (B, heads, T', T). In PyTorch's
    ``MultiheadAttention`` and ``Transformer`` layers True says that it may **not**: ``key_padding_mask``, (B, T), is
    the negative of our mask of two dimensions, and ``attn_mask``, (T', T) or (B · heads, T', T), of that of three.

    Args:
        d_model: size of queries, keys, values and of what comes out.
        heads: number of heads; must divide d_model.
        bias: whether the four layers add a bias, as PyTorch does and the paper's equations do not. That of the keys
            changes nothing: it adds the same to all scores of a query, and the softmax cancels it.

    Attributes:
        W_q, W_k, W_v, W_o: ``nn.Linear`` layers; their weights are (d_model, d_model). They start as PyTorch's
            linear layers do, uniform in ±1/√d_model.
        score: how a query and a key are compared, in every head: `scaled_dot`, or another score without parameters.

    Raises:
        ValueError: heads does not divide d_model.
    """

    def __init__(self, d_model: int, heads: int, bias: bool = True):
        super().__init__()
        _divide(d_model, heads)
        self.heads, self.score = heads, scaled_dot
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(d_model, d_model, bias=bias) for _ in range(4))

    def forward(
        self, query: Tensor, keys: Tensor | None = None, values: Tensor | None = None, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Attend with each head, and mix what they found.

        Args:
            query: (B, T', d_model).
            keys: (B, T, d_model); the query's own sequence, self-attention, if not given.
            values: one for each key, (B, T, d_model); the keys if not given.
            mask: bool, True where a key may be used, (B, T) or (B or 1, T', T), as in `attend`.

        Returns:
            (B, T', d_model), and the weights of each head, (B, heads, T', T).

        Raises:
            TypeError: the mask is not bool.
            ValueError: a shape does not fit, values came without keys, or for some query there is no key that may be
                used; the message names it.
        """
        if keys is None:
            if values is not None:
                raise ValueError("values were given without keys, and each value belongs to a key")
            keys = query
        return self.look(query, *self.project(keys, values), mask)

    def project(self, keys: Tensor, values: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """K W_k and V W_v of keys and values (B, T, d_model), cut into heads: two of (B, heads, T, d_k).

        This half needs no query. A decoder keeps what it returns, and computes it once a token.
        """
        values = keys if values is None else values
        expect(W_k=(self.W_k.weight, "d_model d_model"), keys=(keys, "B T d_model"), values=(values, "B T d_model"))
        return split_heads(self.W_k(keys), self.heads), split_heads(self.W_v(values), self.heads)

    def look(self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The other half: a query (B, T', d_model), with keys and values as `project` returns them."""
        expect(W_q=(self.W_q.weight, "d_model d_model"), query=(query, "B T' d_model"))
        found, weights = attend(split_heads(self.W_q(query), self.heads), keys, values, mask, self.score)
        return self.W_o(merge_heads(found)), weights


def _divide(d_model: int, heads: int) -> None:
    if heads < 1 or d_model % heads:
        raise ValueError(f"heads is {heads}, but a number that divides d_model = {d_model} was expected")
