"""Layers that several networks use, each with an exact off switch: `layer(*, …)` returns an `nn.Module`."""
