"""A trained model as text, for the page: its modules by name, its weights rounded and in base64.

What `pack` writes, ``engine.js`` reads. `rounded` is the same model in PyTorch, with the weights that the page has:
the two can be compared digit by digit.
"""

import base64
import gzip
import json
from collections.abc import Callable
from copy import deepcopy

import torch
from torch import Tensor, nn

from rnn2attn import captioning, recurrent, seq2seq, transformer
from rnn2attn.attention import Concat, General, MultiHeadAttention, dot, scaled_dot
from rnn2attn.text import Vocabulary

BUDGET = 150_000  # bytes, packed by gzip as a server does, of all that one figure loads

CELLS = (nn.RNN, nn.LSTM, nn.GRU)
# The modules that engine.js has, and what it must know of each besides weights and submodules.
KNOWN = {
    nn.Linear: (),
    nn.Embedding: (),
    nn.LayerNorm: ("eps",),
    nn.Conv2d: ("stride", "padding"),
    nn.BatchNorm2d: ("eps",),
    nn.ReLU: (),
    recurrent.RNN: (),
    recurrent.LSTM: (),
    recurrent.GRU: ("reset_after", "z_keeps"),
    recurrent.RNNLanguageModel: (),
    General: ("score",),
    Concat: ("tanh",),
    MultiHeadAttention: ("heads", "score"),
    seq2seq.Encoder: ("cell", "directions"),
    seq2seq.Decoder: ("feed_context",),
    seq2seq.AttentionDecoder: ("score",),
    seq2seq.ContextDecoder: ("score",),
    seq2seq.Seq2Seq: ("source", "target"),
    transformer.InputEmbedding: ("positions", "d_model"),
    transformer.FeedForward: (),
    transformer.AddNorm: ("pre_norm",),
    transformer.EncoderLayer: (),
    transformer.DecoderLayer: (),
    transformer.TransformerEncoder: (),
    transformer.TransformerDecoder: (),
    captioning.CNN: ("cell", "grid"),
    captioning.Captioner: ("target",),
}
SILENT = (nn.Dropout, nn.Identity)  # do nothing when a trained model is used


def pack(models: dict[str, nn.Module], bits: int = 16) -> str:
    """Models by name as JSON: each module an object, of its submodules, its options and its weights.

    Recurrent networks are packed in the form of `recurrent`, with PyTorch's two biases as one sum. A column of an
    encoder's LSTM that only padding reads stays behind: on the page a sequence is alone.

    Args:
        models: any of the modules in `KNOWN`, and PyTorch's recurrent networks of one layer and one direction.
        bits: 16, every number a float16; or 8, a row of a matrix as whole numbers of −127 to 127 times a float32, and
            the vectors in float16.

    Raises:
        TypeError: a module, or something that it computes by, is not in ``engine.js``; the message names it.
        ValueError: a weight is not finite or beyond float16, or all is larger than 150 kB when gzip has packed it.
    """
    trees = {name: _tree(model, name, _alone(model), bits) for name, model in models.items()}
    text = json.dumps(trees, ensure_ascii=False, separators=(",", ":"))
    if (size := len(gzip.compress(text.encode(), 9))) > BUDGET:
        raise ValueError(f"{', '.join(models)}: {size} bytes with gzip, but {BUDGET} are allowed; try bits=8")
    return text


def rounded(model: nn.Module, bits: int = 16) -> nn.Module:
    """A copy of a model with the weights that the page has, in its own precision. Raises as `pack`."""
    twin = deepcopy(model).eval()
    alone = _alone(twin)
    with torch.no_grad():
        for path, module in twin.named_modules():
            if isinstance(module, CELLS):
                _fill(module, {name: _decoded(_encoded(w, path, bits)) for name, w in _cell(module, alone).items()})
                continue
            for name, weight in _own(module).items():
                weight.copy_(_decoded(_encoded(weight, f"{path}.{name}", bits)))
    return twin


def _tree(module: nn.Module, path: str, alone: dict[nn.Module, int], bits: int) -> dict | list:
    if isinstance(module, nn.ModuleList | nn.Sequential):
        return [_tree(child, f"{path}[{i}]", alone, bits) for i, child in enumerate(module)]
    kind = type(module)
    if kind in CELLS:
        weights = _cell(module, alone)
        return {"kind": kind.__name__} | {name: _encoded(w, f"{path}.{name}", bits) for name, w in weights.items()}
    if kind not in KNOWN:
        raise TypeError(f"{path} is a {kind.__name__}, which the page's engine has not")
    return (
        {"kind": kind.__name__}
        | {
            name: _option(getattr(module, name), f"{path}.{name}")
            for name in KNOWN[kind]
            if not _is_child(module, name)
        }
        | {name: _encoded(weight, f"{path}.{name}", bits) for name, weight in _own(module).items()}
        | {
            name: _tree(child, f"{path}.{name}", alone, bits)
            for name, child in module.named_children()
            if not isinstance(child, SILENT)
        }
    )


def _is_child(module: nn.Module, name: str) -> bool:
    return isinstance(getattr(module, name), nn.Module)


def _option(value: object, path: str) -> object:
    """What a module was made with, as JSON has it: a score by its name, a vocabulary as its tokens."""
    if isinstance(value, Vocabulary):
        return list(value.tokens)
    if isinstance(value, Callable):
        if value not in (dot, scaled_dot):
            raise TypeError(f"{path} is {getattr(value, '__qualname__', value)}, which the page's engine has not")
        return value.__name__
    if isinstance(value, tuple) and path.endswith((".stride", ".padding")):
        return value[0]
    return value


def _own(module: nn.Module) -> dict[str, Tensor]:
    """The weights of a module without those of its submodules, and the means and variances that training has left."""
    found = {**dict(module.named_parameters(recurse=False)), **dict(module.named_buffers(recurse=False))}
    return {name: weight for name, weight in found.items() if weight.is_floating_point()}


def _alone(model: nn.Module) -> dict[nn.Module, int]:
    """An encoder's recurrent network → the number of inputs that it has where there is no padding."""
    encoders = [module for module in model.modules() if isinstance(module, seq2seq.Encoder)]
    return {rnn: encoder.d_emb for encoder in encoders for rnn in encoder.rnns}


def _cell(theirs: nn.Module, alone: dict[nn.Module, int]) -> dict[str, Tensor]:
    """The weights of PyTorch's recurrent network by their names in `recurrent`."""
    weights = {name: weight.detach() for name, weight in recurrent.from_torch(theirs).named_parameters()}
    W_x = "W_xh" if "W_xh" in weights else "W_x"
    return weights | {W_x: weights[W_x][:, : alone.get(theirs, theirs.input_size)]}


def _fill(theirs: nn.Module, weights: dict[str, Tensor]) -> None:
    """The other way: the weights into PyTorch's network, the one bias into ``bias_ih``."""
    W_x, W_h, b_x, *b_h = weights.values()
    theirs.weight_ih_l0[:, : W_x.shape[1]] = W_x
    theirs.weight_hh_l0.copy_(W_h)
    theirs.bias_ih_l0.copy_(b_x)
    theirs.bias_hh_l0.copy_(b_h[0] if b_h else torch.zeros_like(b_x))


def _encoded(weight: Tensor, path: str, bits: int) -> dict:
    weight = weight.detach().float().cpu()
    if not weight.isfinite().all() or not weight.half().isfinite().all():
        raise ValueError(f"{path} has an entry of {weight.abs().max():g}; float16 ends at 65504")
    shape = list(weight.shape)
    if bits == 16 or weight.dim() < 2:
        return {"shape": shape, "float16": _base64(weight.half())}
    rows = weight.flatten(1)
    scale = rows.abs().amax(dim=1) / 127
    scale = torch.where(scale > 0, scale, 1.0)
    return {"shape": shape, "int8": _base64((rows / scale[:, None]).round().to(torch.int8)), "scale": _base64(scale)}


def _decoded(leaf: dict) -> Tensor:
    """What ``engine.js`` makes of it."""
    if "float16" in leaf:
        return _tensor(leaf["float16"], torch.float16).float().reshape(leaf["shape"])
    scale = _tensor(leaf["scale"], torch.float32)
    rows = _tensor(leaf["int8"], torch.int8).reshape(len(scale), -1)
    return (rows * scale[:, None]).reshape(leaf["shape"])


def _base64(tensor: Tensor) -> str:
    return base64.b64encode(tensor.contiguous().numpy().tobytes()).decode()


def _tensor(text: str, dtype: torch.dtype) -> Tensor:
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=dtype)
