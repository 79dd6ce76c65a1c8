"""The helper that names shapes."""

import pytest
import torch

from rnn2attn.shapes import expect


def test_sizes_come_back_by_name():
    assert expect(x=(torch.zeros(2, 7), "B d_x"), W=(torch.zeros(11, 7), "d_h d_x")) == {"B": 2, "d_x": 7, "d_h": 11}


def test_a_name_means_one_size_within_an_argument_too():
    with pytest.raises(ValueError, match=r"W has shape \(11, 7\), but \(d, d\) was expected"):
        expect(W=(torch.zeros(11, 7), "d d"))
