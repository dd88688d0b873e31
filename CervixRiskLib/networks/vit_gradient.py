"""The last block of a vision transformer and the way back through it, for the class token alone.

The head reads one token, so behind the last attention only that token is carried on, and the gradient of a score
reaches the patch tokens ``z_j`` (what the last attention reads) only through its keys and values. With ``q`` the class
token's query, ``p_j`` its softmax weights and ``g`` the gradient at a head's output (Dosovitskiy et al. 2021,
arXiv 2010.11929, appendix A, for the block)::

    scores_j = s q . (W_k z_j + b_k) = s (W_k' q) . z_j + constant      output = W_v (sum_j p_j z_j) + b_v
    d score / d z_j = p_j W_v' g + s p_j (u_j - sum_i p_i u_i) W_k' q   with u_j = (W_v' g) . z_j

so that neither keys nor values of the patches are ever needed, forwards or backwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .torch_import import torch


def vit_head(module: Any) -> Callable[..., tuple[Any, Any, Any]]:
    """Patch tokens as a map, class token, residual class token to logits, channel weights and pooled features."""
    last = module.blocks[-1]

    def head(patches: Any, normed: Any, residual: Any) -> tuple[Any, Any, Any]:
        tokens = torch.cat([normed, patches.flatten(2).transpose(1, 2)], dim=1)
        query_weight, key_weight, value_weight = _by_head(last.attn)
        query_bias, _, value_bias = last.attn.qkv.bias.unflatten(0, (3, last.attn.num_heads, 1, -1))
        # (n, heads, 1, d) each; axis 2 is the class token.
        query = normed.unsqueeze(1) @ query_weight.transpose(1, 2) + query_bias
        key_direction = last.attn.scale * (query @ key_weight)
        attention = torch.softmax(key_direction @ tokens.transpose(1, 2).unsqueeze(1), dim=-1)
        attended = (attention @ tokens.unsqueeze(1)) @ value_weight.transpose(1, 2) + value_bias
        middle = residual + last.attn.proj(attended.transpose(1, 2).flatten(2))
        hidden = last.mlp.fc1(last.norm2(middle))
        final = middle + last.mlp.fc2(last.mlp.act(hidden))
        pooled = module.norm(final)[:, 0]

        # Back again: (n, classes, C), every class in the place of the class token.
        slope = _through_norm(module.head.weight.unsqueeze(0), final, module.norm)
        hidden_slope = (slope @ last.mlp.fc2.weight) * _gelu_slope(hidden)
        slope = slope + _through_norm(hidden_slope @ last.mlp.fc1.weight, middle, last.norm2)
        # By head and not in one product: OpenVINO (2026.4) takes a square weight that is used both upright and
        # transposed for the same one twice.
        projection = last.attn.proj.weight.unflatten(1, (last.attn.num_heads, -1)).transpose(0, 1)  # (heads, C, d)
        value_direction = (slope.unsqueeze(1) @ projection) @ value_weight  # (n, heads, classes, C)
        change = value_direction @ tokens.transpose(1, 2).unsqueeze(1)  # (n, heads, classes, tokens)
        change = attention * (change - (attention * change).sum(dim=3, keepdim=True))
        prefix = module.num_prefix_tokens
        through_values = attention[..., prefix:].sum(dim=3, keepdim=True) * value_direction
        through_keys = change[..., prefix:].sum(dim=3, keepdim=True) * key_direction
        weights = (through_values + through_keys).sum(dim=1) / (patches.shape[2] * patches.shape[3])
        return module.head(pooled), weights, pooled

    return head


def _by_head(attention: Any) -> Any:
    """Query, key and value weights ``(3, heads, d, C)``."""
    return attention.qkv.weight.unflatten(0, (3, attention.num_heads, -1)).unbind(0)


def _through_norm(slope: Any, x: Any, norm: Any) -> Any:
    """The gradient in front of a layer normalisation of ``x`` from the one behind it."""
    centred = x - x.mean(dim=-1, keepdim=True)
    inverse = torch.rsqrt(centred.square().mean(dim=-1, keepdim=True) + norm.eps)
    standard = centred * inverse
    scaled = slope * norm.weight
    along = (scaled * standard).mean(dim=-1, keepdim=True)
    return inverse * (scaled - scaled.mean(dim=-1, keepdim=True) - standard * along)


def _gelu_slope(x: Any) -> Any:
    """``d/dx x Phi(x) = Phi(x) + x phi(x)``."""
    return 0.5 * (1.0 + torch.erf(x / math.sqrt(2.0))) + x * torch.exp(-0.5 * x.square()) / math.sqrt(2.0 * math.pi)
