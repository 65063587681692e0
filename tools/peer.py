#!/usr/bin/python3
"""What `mien bench --peer tools/peer.py` compares with: the same work in PyTorch.

Reads one command a line and answers each with one line:

    hello THREADS                                  -> name and version
    conv WHAT BATCH SIDE IN OUT KERNEL STRIDE      -> ready; WHAT is forward,
        input or weight, padding is 1
    e8 BATCH                                       -> ready; one WGAN-GP step of
        preset e8, critic and generator, both Adam updates included
    run                                            -> seconds that one took

Each runs in the faster of PyTorch's two memory layouts. With the reference BLAS,
which Debian takes when no other is there, transposed convolutions are ten times
slower than need be; the name says so (apt install libopenblas0-pthread).
"""
import os
import sys
import time

if "--check" in sys.argv:
    try:
        import torch  # noqa: F401
    except ImportError:
        sys.exit("PyTorch is not installed (Debian: apt install python3-torch)")
    sys.exit(0)

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):  # every kernel that the processor has
    os.environ.pop(name, None)

import torch
import torch.nn as nn
import torch.nn.functional as F

LAYOUTS = [torch.contiguous_format, torch.channels_last]


def conv(what, n, side, c, k, kernel, stride, layout):
    x = torch.rand(n, c, side, side).contiguous(memory_format=layout)
    w = torch.rand(k, c, kernel, kernel).contiguous(memory_format=layout)
    y = F.conv2d(x, w, stride=stride, padding=1)
    if what == "forward":
        return lambda: F.conv2d(x, w, stride=stride, padding=1)
    wanted = [what == "input", what == "weight", False]
    backward = torch.ops.aten.convolution_backward
    return lambda: backward(y, x, w, None, [stride] * 2, [1] * 2, [1] * 2, False, [0, 0], 1, wanted)


def tile(aus, side):
    return aus[:, :, None, None].expand(-1, -1, side, side)


class Generator(nn.Module):
    """Architecture E: 5 convolutions down, 5 up, AUs joined twice."""

    def __init__(self):
        super().__init__()
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        c = 3
        for k in (64, 128, 256, 512, 1024):
            self.down.append(nn.Sequential(nn.Conv2d(c, k, 4, 2, 1, bias=False), nn.BatchNorm2d(k), nn.LeakyReLU(0.01)))
            c = k
        for c, k, extra in ((1024 + 17, 1024, 1), (1024 + 512 + 17, 512, 0), (512, 256, 0), (256, 128, 0)):
            self.up.append(nn.Sequential(nn.ConvTranspose2d(c, k, 4, 2, 1, extra, bias=False), nn.BatchNorm2d(k), nn.ReLU()))
        self.last = nn.ConvTranspose2d(128, 3, 4, 2, 1)

    def forward(self, x, aus):
        maps = []
        for d in self.down:
            x = d(x)
            maps.append(x)
        x = self.up[0](torch.cat([x, tile(aus, 3)], 1))
        x = self.up[1](torch.cat([x, maps[3], tile(aus, 7)], 1))
        for u in self.up[2:]:
            x = u(x)
        return torch.tanh(self.last(x))


class Critic(nn.Module):
    """5 convolutions with instance norm, a head for the score, one for AUs."""

    def __init__(self):
        super().__init__()
        layers, c = [], 3
        for k in (64, 128, 256, 512, 1024):
            layers += [nn.Conv2d(c, k, 4, 2, 1, bias=False), nn.InstanceNorm2d(k, affine=True), nn.LeakyReLU(0.01)]
            c = k
        self.body = nn.Sequential(*layers)
        self.score = nn.Sequential(nn.Linear(9216, 1024), nn.ReLU(), nn.Linear(1024, 1))
        self.aus = nn.Sequential(nn.Linear(9216, 1024), nn.ReLU(), nn.Linear(1024, 17))

    def forward(self, x):
        h = self.body(x).flatten(1)
        return self.score(h), self.aus(h)


def e8(n, layout):
    g = Generator().to(memory_format=layout)
    d = Critic().to(memory_format=layout)
    adam_g = torch.optim.Adam(g.parameters(), 2e-4, (0.5, 0.999))
    adam_d = torch.optim.Adam(d.parameters(), 2e-4, (0.5, 0.999))
    x = torch.rand(n, 3, 112, 112).contiguous(memory_format=layout)
    own, target = (torch.rand(n, 17) > 0.5).float(), (torch.rand(n, 17) > 0.5).float()
    bce = F.binary_cross_entropy_with_logits

    def step():
        fake = g(x, target)  # serves both updates
        still = fake.detach()
        real_score, real_aus = d(x)
        mix = torch.rand(n, 1, 1, 1)
        between = (still + mix * (x - still)).requires_grad_(True)
        grad, = torch.autograd.grad(d(between)[0].sum(), between, create_graph=True)
        penalty = ((grad.flatten(1).norm(dim=1) - 1) ** 2).mean()
        loss = d(still)[0].mean() - real_score.mean() + 10 * penalty + 10 * bce(real_aus, own)
        adam_d.zero_grad(set_to_none=True)
        loss.backward()
        adam_d.step()

        d.requires_grad_(False)  # nobody reads the critic's weight gradients here
        score, aus = d(fake)
        loss = -score.mean() + 10 * bce(aus, target) + 10 * (g(x, own) - x).abs().mean()
        adam_g.zero_grad(set_to_none=True)
        loss.backward()
        adam_g.step()
        d.requires_grad_(True)
        return loss.item()

    return step


def timed(f):
    began = time.perf_counter()
    f()
    return time.perf_counter() - began


def faster(make, warm):
    best = None
    for layout in LAYOUTS:
        f = make(layout)
        took = min(timed(f) for _ in range(warm))
        if best is None or took < best[0]:
            best = took, f
        del f
    return best[1]


def main():
    work = None
    for line in sys.stdin:
        words = line.split()
        if words[0] == "hello":
            torch.set_num_threads(int(words[1]))
            with open("/proc/self/maps") as maps:
                blas = "OpenBLAS" if "openblas" in maps.read() else "the slow reference BLAS"
            print(f"PyTorch {torch.__version__} with {blas}, {torch.get_num_threads()} threads", flush=True)
        elif words[0] == "conv":
            numbers = [int(w) for w in words[2:]]
            work = faster(lambda layout: conv(words[1], *numbers, layout), 4)
            print("ready", flush=True)
        elif words[0] == "e8":
            work = faster(lambda layout: e8(int(words[1]), layout), 2)
            print("ready", flush=True)
        elif words[0] == "run":
            print(timed(work), flush=True)
        else:
            print("unknown", flush=True)


main()
