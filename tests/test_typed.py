"""What a reader types out from a page alone trains: its open code, in order, and of what folds the imports only."""

from collections import Counter
from math import log
from operator import itemgetter

import nbformat
import pytest
import torch

from building import ROOT


@pytest.fixture(autouse=True)
def threads_stay():
    """A page sets the number of threads; what runs in this process after it has its own again."""
    threads = torch.get_num_threads()
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


def typed(page):
    """The namespace after the page's open code, for which nothing else was run."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{page}.ipynb", as_version=4)
    namespace = {"__name__": "typed"}
    for cell in notebook.cells:
        is_open = cell.metadata.get("cellView") != "form" and "hide-cell" not in cell.metadata.get("tags", [])
        if cell.cell_type == "code" and (is_open or cell.source.startswith("# @title Imports\n")):
            exec(compile(cell.source, f"{page}, cell {cell.id}", "exec"), namespace)
    return namespace


def guessing(pairs):
    """−ln p a word, `<eos>` counted, of who knows how often each word stands at each place, and does not read."""
    targets = [[*target, None] for _, target in pairs]
    places = [Counter(row[t] for row in targets if t < len(row)) for t in range(max(map(len, targets)))]
    costs = [n * log(place.total() / n) for place in places for n in place.values()]
    return sum(costs) / sum(map(len, targets))


def captions(page):
    """The losses of chapter 5's network, and pairs whose targets it learns to say."""
    samples = page["digits"].relation(2000, seed=0)
    vocabulary = page["Vocabulary"].of(sample.caption for sample in samples)
    batches = page["Pictures"].of(samples, vocabulary).minibatches(64, 120, seed=0)
    return fitted(page, page["Captions"](len(vocabulary)), batches, 1e-2), [
        (None, sample.caption) for sample in samples
    ]


def dates(page):
    """The losses of chapter 6's network, which it trains, and the pairs that it learns."""
    own(page["ours"])
    return page["losses"], page["train"]


def fitted(page, model, batches, lr):
    """The losses of a network that stands on the page."""
    own(model)
    return page["fit"](model, batches, lr, loss=page["token_loss"], clip=1.0, one_cycle=True)


def own(model):
    """That a network is made of what stands on the page, of a score of chapter 4's, and else of PyTorch's parts."""
    modules = {type(part).__module__ for part in model.modules()}
    assert all(name.startswith(("typed", "torch.nn.", "rnn2attn.attention.scores")) for name in modules)


PAGES = {  # a page → from its names, losses and pairs
    "03-seq2seq-bottleneck": itemgetter("losses", "train_pairs"),
    "04-attention": itemgetter("losses", "train"),
    "05-spatial-attention": captions,
    "06-self-attention": dates,
}


@pytest.mark.parametrize("page", PAGES)
def test_what_is_typed_out_from_the_page_trains(page):
    losses, pairs = PAGES[page](typed(page))
    guess = guessing(pairs)
    assert losses[0] > guess
    assert sum(losses[-10:]) / 10 < guess / 4


def test_the_network_that_is_typed_out_learns_to_write():
    """It foresees letters better than their frequencies do, and writes names by the page's own loop."""
    page = typed("02c-a-network-that-writes")
    modules = {type(part).__module__ for part in page["writer"].modules()}
    assert all(name.startswith(("typed", "torch.nn.")) for name in modules)
    text, losses = page["text"], page["losses"]
    guess = sum(n * log(len(text) / n) for n in Counter(text).values()) / len(text)
    assert losses[0] > guess and sum(losses[-10:]) / 10 < 0.75 * guess
    names = [page["invent"](page["writer"], 0.5, draw) for draw in range(20)]
    assert len(set(names)) > 10 and all("\n" not in name for name in names)


def test_the_transformer_that_is_typed_out_learns_to_write():
    """It foresees letters better than their frequencies do, and writes the same names with its cache and without."""
    page = typed("06c-a-transformer-that-writes")
    own(page["ours"])
    text, losses = page["text"], page["losses"]
    guess = sum(n * log(len(text) / n) for n in Counter(text).values()) / len(text)
    assert losses[0] > guess and sum(losses[-10:]) / 10 < 0.75 * guess
    exact = page["ours"].double()
    names, anew = ([page["invent"](exact, draw, kept) for draw in range(10)] for kept in (True, False))
    assert names == anew and len(set(names)) > 5
    turned = page["Unplaced"](page["V"], layer=page["Turning"]).double()
    own(turned)
    some = page["ids"](text[:20])[None]
    assert turned(some)[0].shape == (1, 20, page["V"])


def test_the_waiter_that_is_typed_out_learns():
    """He is made of PyTorch's parts, recalls by the triangle of the page before, and ends far below guessing."""
    page = typed("07b-waiters-who-learn")
    modules = {type(part).__module__ for part in page["waiter"].modules()}
    assert all(name.startswith(("typed", "torch.nn.")) for name in modules)
    losses = page["losses"]
    assert losses[0] > 0.9 * log(32) and sum(losses[-10:]) / 10 < 0.5 * log(32)
