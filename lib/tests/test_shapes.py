"""The helper that names shapes."""

import pytest
import torch

from rnn2attn.shapes import expect


def test_sizes_come_back_by_name():
    assert expect(x=(torch.zeros(2, 7), "B d_x"), W=(torch.zeros(11, 7), "d_h d_x")) == {"B": 2, "d_x": 7, "d_h": 11}


def test_a_name_means_one_size_within_an_argument_too():
    with pytest.raises(ValueError, match=r"W has shape \(11, 7\), but \(d, d\) was expected"):
        expect(W=(torch.zeros(11, 7), "d d"))


def test_a_factor_counts_blocks():
    assert expect(W=(torch.zeros(44, 7), "4d_h d_x"), h=(torch.zeros(2, 11), "B d_h"))["d_h"] == 11
    with pytest.raises(ValueError, match=r"b has shape \(43,\), but \(4d_h\) was expected, with d_h = 11 from W"):
        expect(W=(torch.zeros(44, 7), "4d_h d_x"), b=(torch.zeros(43), "4d_h"))
    with pytest.raises(ValueError, match=r"b has shape \(43,\), but \(4d_h\) was expected"):
        expect(b=(torch.zeros(43), "4d_h"))
