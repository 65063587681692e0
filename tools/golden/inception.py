#!/usr/bin/python3
"""Writes what PyTorch says of Inception-v3 with made-up weights.

    /usr/bin/python3 tools/golden/inception.py native/internal/metric/testdata/inception.f32

Needs python3-torch. The network is written out here after the description in
Szegedy et al. (2016), with the layer names that torchvision gives its own; weights
and the picture are a function of their names, the same as in
native/internal/metric/inception_test.go. Output: 2048 float32 for
torchvision's network, then 2048 for the one that FID is defined by, whose mean
pools leave the border out and whose last pool takes the maximum.
"""
import sys

import numpy as np
import torch
import torch.nn.functional as F

GOLDEN = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def uniform(name, n):
    """shared/tensor's stream (seed, 0, 0, 0), the seed FNV-1a of name: n values in [0, 1)."""
    seed = 14695981039346656037
    for c in name.encode():
        seed = ((seed ^ c) * 1099511628211) & MASK
    h = mix((seed + GOLDEN) & MASK)
    for _ in range(3):
        h = mix(((h + GOLDEN) & MASK) ^ mix(GOLDEN))
    with np.errstate(over="ignore"):
        z = np.uint64(h) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(GOLDEN)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)


def tensor(name, lo, hi, *shape):
    u = uniform(name, int(np.prod(shape)))
    return torch.from_numpy(np.float32(lo) + np.float32(hi - lo) * u).reshape(shape)


class Net:
    def __init__(self, tf):
        self.tf = tf

    def conv(self, x, name, out, kernel, stride=1, pad=0):
        kh, kw = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        c = x.shape[1]
        r = (6.0 / (c * kh * kw)) ** 0.5
        w = tensor(name + ".conv.weight", -r, r, out, c, kh, kw)
        y = F.conv2d(x, w, stride=stride, padding=pad)
        y = F.batch_norm(y, tensor(name + ".bn.running_mean", -.1, .1, out), tensor(name + ".bn.running_var", .5, 1.5, out),
                         tensor(name + ".bn.weight", .5, 1.5, out), tensor(name + ".bn.bias", -.1, .1, out), eps=.001)
        return F.relu(y)

    def mean(self, x):
        return F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=not self.tf)

    def a(self, x, n, pool):
        b1 = self.conv(x, n + ".branch1x1", 64, 1)
        b5 = self.conv(self.conv(x, n + ".branch5x5_1", 48, 1), n + ".branch5x5_2", 64, 5, pad=2)
        b3 = self.conv(self.conv(x, n + ".branch3x3dbl_1", 64, 1), n + ".branch3x3dbl_2", 96, 3, pad=1)
        b3 = self.conv(b3, n + ".branch3x3dbl_3", 96, 3, pad=1)
        return torch.cat([b1, b5, b3, self.conv(self.mean(x), n + ".branch_pool", pool, 1)], 1)

    def b(self, x, n):
        b3 = self.conv(x, n + ".branch3x3", 384, 3, stride=2)
        d = self.conv(self.conv(x, n + ".branch3x3dbl_1", 64, 1), n + ".branch3x3dbl_2", 96, 3, pad=1)
        d = self.conv(d, n + ".branch3x3dbl_3", 96, 3, stride=2)
        return torch.cat([b3, d, F.max_pool2d(x, 3, stride=2)], 1)

    def c(self, x, n, w):
        b1 = self.conv(x, n + ".branch1x1", 192, 1)
        s = self.conv(self.conv(x, n + ".branch7x7_1", w, 1), n + ".branch7x7_2", w, (1, 7), pad=(0, 3))
        s = self.conv(s, n + ".branch7x7_3", 192, (7, 1), pad=(3, 0))
        d = self.conv(self.conv(x, n + ".branch7x7dbl_1", w, 1), n + ".branch7x7dbl_2", w, (7, 1), pad=(3, 0))
        d = self.conv(d, n + ".branch7x7dbl_3", w, (1, 7), pad=(0, 3))
        d = self.conv(d, n + ".branch7x7dbl_4", w, (7, 1), pad=(3, 0))
        d = self.conv(d, n + ".branch7x7dbl_5", 192, (1, 7), pad=(0, 3))
        return torch.cat([b1, s, d, self.conv(self.mean(x), n + ".branch_pool", 192, 1)], 1)

    def d(self, x, n):
        b3 = self.conv(self.conv(x, n + ".branch3x3_1", 192, 1), n + ".branch3x3_2", 320, 3, stride=2)
        s = self.conv(self.conv(x, n + ".branch7x7x3_1", 192, 1), n + ".branch7x7x3_2", 192, (1, 7), pad=(0, 3))
        s = self.conv(s, n + ".branch7x7x3_3", 192, (7, 1), pad=(3, 0))
        s = self.conv(s, n + ".branch7x7x3_4", 192, 3, stride=2)
        return torch.cat([b3, s, F.max_pool2d(x, 3, stride=2)], 1)

    def e(self, x, n, maximum):
        b1 = self.conv(x, n + ".branch1x1", 320, 1)
        t = self.conv(x, n + ".branch3x3_1", 384, 1)
        t = [self.conv(t, n + ".branch3x3_2a", 384, (1, 3), pad=(0, 1)), self.conv(t, n + ".branch3x3_2b", 384, (3, 1), pad=(1, 0))]
        d = self.conv(self.conv(x, n + ".branch3x3dbl_1", 448, 1), n + ".branch3x3dbl_2", 384, 3, pad=1)
        d = [self.conv(d, n + ".branch3x3dbl_3a", 384, (1, 3), pad=(0, 1)), self.conv(d, n + ".branch3x3dbl_3b", 384, (3, 1), pad=(1, 0))]
        p = F.max_pool2d(x, 3, stride=1, padding=1) if maximum else self.mean(x)
        return torch.cat([b1, *t, *d, self.conv(p, n + ".branch_pool", 192, 1)], 1)

    def features(self, x):
        x = F.interpolate(x, size=(299, 299), mode="bilinear", align_corners=False)
        x = self.conv(x, "Conv2d_1a_3x3", 32, 3, stride=2)
        x = self.conv(x, "Conv2d_2a_3x3", 32, 3)
        x = self.conv(x, "Conv2d_2b_3x3", 64, 3, pad=1)
        x = F.max_pool2d(x, 3, stride=2)
        x = self.conv(x, "Conv2d_3b_1x1", 80, 1)
        x = self.conv(x, "Conv2d_4a_3x3", 192, 3)
        x = F.max_pool2d(x, 3, stride=2)
        for n, pool in (("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)):
            x = self.a(x, n, pool)
        x = self.b(x, "Mixed_6a")
        for n, w in (("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)):
            x = self.c(x, n, w)
        x = self.d(x, "Mixed_7a")
        x = self.e(x, "Mixed_7b", False)
        x = self.e(x, "Mixed_7c", self.tf)
        return F.adaptive_avg_pool2d(x, 1).flatten()


def main():
    torch.set_grad_enabled(False)
    torch.set_num_threads(2)
    picture = tensor("picture", -1, 1, 75, 75, 3).permute(2, 0, 1)[None]
    with open(sys.argv[1], "wb") as f:
        for tf in (False, True):
            y = Net(tf).features(picture)
            print("mean %.4f, deviation %.4f, from %.4f to %.4f" % (y.mean(), y.std(), y.min(), y.max()))
            f.write(y.numpy().astype("<f4").tobytes())


main()
