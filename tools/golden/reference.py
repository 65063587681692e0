#!/usr/bin/python3
"""Goldens of the reference's networks: one training step in PyTorch.

    /usr/bin/python3 tools/golden/reference.py native/internal/train/testdata/reference

Written from the descriptions of the networks and losses, apart from the Go code,
in float64. Weights and inputs are a function of name and place alone, so that only
results are stored: losses, and of every parameter a few gradients and updated values.
Weights are laid out as Mien's are ([K K in out], transposed: [K K out in]); maps here
are NCHW. Needs Debian's python3-torch.
"""
import json
import sys

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
SIZE, SMALL, CLEAR, AUS, RATE, BETA1, BETA2, EPS = 112, 6, 1e-5, 17, 2e-4, .5, .999, 1e-8
MASK = (1 << 64) - 1


GOLDEN = 0x9e3779b97f4a7c15


def mix(z):
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
    return z ^ (z >> np.uint64(31))


def numbers(name, n):
    """n numbers in -1 to 1, float32: shared/tensor's stream (seed, 0, 0, 0), the seed FNV-1a of name."""
    h = 14695981039346656037
    for c in name.encode():
        h = ((h ^ c) * 1099511628211) & MASK
    with np.errstate(over="ignore"):
        key = mix(np.uint64(GOLDEN))
        state = mix(np.uint64((h + GOLDEN) & MASK))
        for _ in range(3):
            state = mix((state + np.uint64(GOLDEN)) ^ key)
        z = mix(state + (np.arange(n, dtype=np.uint64) + np.uint64(1)) * np.uint64(GOLDEN))
    return ((z >> np.uint64(40)).astype(np.float64) / (1 << 23) - 1).astype(np.float32)


# The nearest to 0 that a small map or a dense layer comes before its gate, as a part
# of its spread: float32 may round what is closer to the other side, and one gate among
# few moves every gradient. Larger maps have too many gates to keep all clear of 0.
nearest = 1.


def gate(x, slope=0.):
    global nearest
    if x.dim() == 2 or x.shape[2] <= SMALL:
        y = x.detach()
        nearest = min(nearest, float(y.abs().min() / y.pow(2).mean().sqrt()))
    return F.leaky_relu(x, slope)


class Net:
    """The parameters of a network, made when they are first asked for."""

    def __init__(self, prefix):
        self.prefix, self.params, self.stats = prefix, {}, {}

    def param(self, name, shape, scale, offset=0.):
        name = self.prefix + "." + name
        if name not in self.params:
            x = np.float32(offset) + np.float32(scale) * numbers(name, int(np.prod(shape)))
            self.params[name] = torch.tensor(x.astype(np.float64).reshape(shape), requires_grad=True)
        return self.params[name]

    def conv(self, x, name, k, s, p, out, bias):
        c = x.shape[1]
        w = self.param(name + ".w", (k, k, c, out), (6 / (k * k * (c + out))) ** .5)
        b = self.param(name + ".b", (out,), .05) if bias else None
        return F.conv2d(x, w.permute(3, 2, 0, 1), b, s, p)

    def up(self, x, name, k, s, p, extra, out, bias):
        c = x.shape[1]
        w = self.param(name + ".w", (k, k, out, c), (6 / (k * k * (c + out))) ** .5)
        b = self.param(name + ".b", (out,), .05) if bias else None
        return F.conv_transpose2d(x, w.permute(3, 2, 0, 1), b, s, p, extra)

    def dense(self, x, name, out):
        w = self.param(name + ".w", (x.shape[1], out), (6 / (x.shape[1] + out)) ** .5)
        return x @ w + self.param(name + ".b", (out,), .05)

    def norm(self, x, kind, name):
        c = x.shape[1]
        if kind is None or kind != "batch" and x.shape[2] * x.shape[3] == 1:
            return x
        over = (0, 2, 3) if kind == "batch" else (2, 3)
        mean = x.mean(over, keepdim=True)
        var = ((x - mean) ** 2).mean(over, keepdim=True)
        y = (x - mean) / (var + 1e-5).sqrt()
        if kind == "instance":
            return y
        if kind == "batch" and name + ".mean" not in self.stats:
            m = x.numel() / c
            self.stats[self.prefix + "." + name + ".mean"] = .1 * mean.detach().flatten()
            self.stats[self.prefix + "." + name + ".var"] = .9 + .1 * var.detach().flatten() * m / (m - 1)
            self.stats[name + ".mean"] = None  # the first pass alone is recorded
        scale = self.param(name + ".scale", (c,), .1, 1.)
        return y * scale.view(1, c, 1, 1) + self.param(name + ".shift", (c,), .1).view(1, c, 1, 1)


def tiled(a, side):
    return a[:, :, None, None].expand(-1, -1, side, side)


def generator_a(net, x, a):
    maps = []
    for i, (s, c) in enumerate([(3, 64), (2, 128), (2, 256), (2, 512)]):
        x = net.norm(gate(net.conv(x, f"down{i}", 6, s, 0, c, True), .2), "instance", f"down{i}.norm")
        maps.append(x)
    x = torch.cat([x, tiled(a, 1)], 1)
    x = gate(net.dense(x.flatten(1), "dense", 529), .2)[:, :, None, None]
    x = net.conv(x, "mix", 1, 1, 0, 512, True)
    for i, c in enumerate([256, 128, 64]):
        x = net.norm(gate(net.up(x, f"up{i}", 6, 2, 0, 0, c, True)), "instance", f"up{i}.norm")
        x = torch.cat([x, maps[2 - i]], 1)
    return torch.tanh(net.up(x, "up3", 6, 3, 0, 1, 3, True))


def generator_b(net, x, a):
    for i, (s, c) in enumerate([(3, 64), (2, 128), (2, 256), (2, 512)]):
        x = gate(net.norm(net.conv(x, f"down{i}", 6, s, 0, c, True), "affine", f"down{i}.norm"), .2)
        skip = x if i == 2 else (skip if i > 2 else None)
    x = net.conv(torch.cat([x, tiled(a, 1)], 1), "mix", 1, 1, 0, 512, True)
    for i, (s, extra, c) in enumerate([(2, 0, 256), (2, 0, 128), (2, 0, 64), (3, 1, 3)]):
        x = gate(net.norm(net.up(x, f"up{i}", 6, s, 0, extra, c, True), "affine", f"up{i}.norm"), .2)
        if i == 0:
            x = torch.cat([x, skip], 1)
    return torch.tanh(x)


def generator_c(net, x, a):
    for i, c in enumerate([64, 128, 256, 512]):
        x = gate(net.norm(net.conv(x, f"down{i}", 4, 2, 0, c, True), "affine", f"down{i}.norm"), .2)
        skip = x if i == 2 else (skip if i > 2 else None)
    x = net.conv(torch.cat([x, tiled(a, 5)], 1), "mix", 1, 1, 0, 512, True)
    for i, (extra, c) in enumerate([(0, 256), (0, 128), (1, 64), (0, 3)]):
        x = gate(net.norm(net.up(x, f"up{i}", 4, 2, 0, extra, c, True), "affine", f"up{i}.norm"), .2)
        if i == 0:
            x = torch.cat([x, skip], 1)
    return torch.tanh(x)


def generator_d(net, x, a, again=False):
    maps = []
    for i, c in enumerate([64, 128, 256, 512, 1024]):
        x = gate(net.norm(net.conv(x, f"down{i}", 4, 2, 1, c, False), "batch", f"down{i}.norm"), .01)
        maps.append(x)
    x = torch.cat([x, tiled(a, 3)], 1)
    for i, (extra, c) in enumerate([(1, 1024), (0, 512), (0, 256), (0, 128)]):
        x = gate(net.norm(net.up(x, f"up{i}", 4, 2, 1, extra, c, False), "batch", f"up{i}.norm"))
        if i == 0:
            x = torch.cat([x, maps[3]] + ([tiled(a, 7)] if again else []), 1)
    return torch.tanh(net.up(x, "up4", 4, 2, 1, 0, 3, True))


def generator_e(net, x, a):
    return generator_d(net, x, a, again=True)


def heads(net, x, width, act):
    x = x.permute(0, 2, 3, 1).flatten(1)
    score = net.dense(act(net.dense(x, "score.hidden", width)), "score", 1)
    return score, net.dense(act(net.dense(x, "au.hidden", width)), "au", AUS)


def critic_a(net, x, act=lambda x: gate(x, .2)):
    for i, (s, c) in enumerate([(3, 64), (2, 128), (2, 256), (2, 512)]):
        x = gate(net.conv(x, f"down{i}", 6, s, 0, c, True), .2)
        if i > 0:
            x = net.norm(x, "instance", f"down{i}.norm")
    return heads(net, x, 512, act)


def critic_b(net, x):
    return critic_a(net, x, gate)


def critic_d(net, x):
    for i, c in enumerate([64, 128, 256, 512, 1024]):
        x = gate(net.norm(net.conv(x, f"down{i}", 4, 2, 1, c, False), "affine", f"down{i}.norm"), .01)
    return heads(net, x, 1024, gate)


def bce(real, fake):
    one, zero = torch.ones_like, torch.zeros_like
    return (F.binary_cross_entropy_with_logits(real, one(real)) + F.binary_cross_entropy_with_logits(fake, zero(fake)),
            F.binary_cross_entropy_with_logits(fake, one(fake)))


def squares(real, fake):
    return F.mse_loss(real, torch.ones_like(real)) + F.mse_loss(fake, torch.zeros_like(fake)), F.mse_loss(fake, torch.ones_like(fake))


def earth(real, fake):
    return fake.mean() - real.mean(), -fake.mean()


def log_mae(p, t):
    # Near an error of 1 its slope has no bound: keep clear of that as of the gates.
    global nearest
    nearest = min(nearest, CLEAR * 50 * float((1 - (p - t).abs()).abs().min().detach()))
    return -torch.log(1 - torch.clamp((p - t).abs(), max=1 - 2 ** -23)).mean()


# generator, critic, game, gradient penalty, AU loss, fakes, weights: critic AU, generator adversarial, AU, reconstruction
EXPERIMENTS = {
    "e2": (generator_a, critic_a, bce, False, F.mse_loss, 1, (1, 2, 2, 1)),
    "e3": (generator_a, critic_a, squares, False, F.mse_loss, 3, (2, 1, 2, 1)),
    "e4": (generator_a, critic_a, bce, False, log_mae, 2, (2, 1, 2, 1)),
    "e5": (generator_b, critic_b, earth, True, F.binary_cross_entropy_with_logits, 2, (10, 1, 10, 10)),
    "e6": (generator_c, critic_b, earth, True, F.binary_cross_entropy_with_logits, 1, (100, 1, 100, 10)),
    "e7": (generator_d, critic_d, earth, True, F.binary_cross_entropy_with_logits, 1, (10, 1, 10, 10)),
    "e9": (generator_e, critic_d, earth, True, F.l1_loss, 1, (10, 1, 10, 10)),
}
BATCH = 2


def step(experiment, salt, probe=False):
    generator, critic, game, penalised, au_loss, fakes, weights = EXPERIMENTS[experiment]

    def given(name, *shape):
        return torch.tensor(numbers(f"{name}/{salt}", int(np.prod(shape))).astype(np.float64).reshape(shape))

    photo = (given("photo", BATCH, SIZE, SIZE, 3).permute(0, 3, 1, 2) + 1) / 2
    own, target = (given("own", BATCH, AUS) + 1) / 2, (given("target", BATCH * fakes, AUS) + 1) / 2
    between = (given("mix", BATCH * fakes, 1, 1, 1) + 1) / 2
    many = photo.repeat_interleave(fakes, 0)

    g, d = Net("gen"), Net("critic")
    fake = generator(g, many, target)
    (real_score, real_au), (fake_score, _) = critic(d, photo), critic(d, fake.detach())
    if probe:
        au_loss(real_au, own)
        au_loss(critic(d, fake)[1], target)
        critic(d, fake + (many - fake) * between)
        generator(g, photo, own)
        return None
    losses = {}
    loss, _ = game(real_score, fake_score)
    if penalised:
        x = (fake.detach() + (many - fake.detach()) * between).requires_grad_()
        slope, = torch.autograd.grad(critic(d, x)[0].sum(), x, create_graph=True)
        penalty = (((slope ** 2).sum((1, 2, 3)) + 1e-12).sqrt() - 1).pow(2).mean()
        losses["penalty"] = penalty
        loss = loss + 10 * penalty
    losses["critic adversarial"] = loss
    losses["critic au"] = au_loss(real_au, own)
    losses["critic"] = loss + weights[0] * losses["critic au"]
    d_grads = torch.autograd.grad(losses["critic"], list(d.params.values()))

    fake_score, fake_au = critic(d, fake)
    _, losses["adversarial"] = game(real_score, fake_score)
    losses["au"] = au_loss(fake_au, target)
    losses["identity"] = (generator(g, photo, own) - photo).abs().mean()
    losses["generator"] = weights[1] * losses["adversarial"] + weights[2] * losses["au"] + weights[3] * losses["identity"]
    g_grads = torch.autograd.grad(losses["generator"], list(g.params.values()))

    params = {}
    for net, grads in ((g, g_grads), (d, d_grads)):
        for (name, p), grad in zip(net.params.items(), grads):
            params[name] = parameter(name, p.detach().flatten().numpy(), grad.flatten().numpy())
    stats = {k: [float(v.sum()), float(v.abs().sum())] for net in (g, d) for k, v in net.stats.items() if v is not None}
    picture = fake.detach().permute(0, 2, 3, 1).flatten().numpy()
    at = ((numbers("places", 12).astype(np.float64) + 1) / 2 * (len(picture) - 1)).astype(int)
    forward = {"at": at.tolist(), "picture": [round_to(x) for x in picture[at]], "mean": round_to(picture.mean()),
               "score": [round_to(x) for x in real_score.detach().flatten().numpy()], "au": [round_to(x) for x in real_au.detach().flatten().numpy()]}
    return {"salt": salt, "fakes": fakes, "forward": forward, "losses": {k: float(v) for k, v in losses.items()}, "params": params, "stats": stats}


def parameter(name, p, grad):
    """A few gradients and the values after Adam's first step, where the gradient is not tiny."""
    candidates = np.unique(((numbers(name + "?", 64).astype(np.float64) + 1) / 2 * (len(p) - 1)).astype(int))
    at = candidates[np.argsort(-np.abs(grad[candidates]))][:4]
    m, v = (1 - BETA1) * grad, (1 - BETA2) * grad ** 2
    after = p - RATE * (m / (1 - BETA1)) / (np.sqrt(v / (1 - BETA2)) + EPS)
    return {"at": at.tolist(), "grad": [round_to(x) for x in grad[at]], "after": [round_to(x) for x in after[at]],
            "max": round_to(np.abs(grad).max()), "sum": round_to(grad.sum()), "abs": round_to(np.abs(grad).sum())}


def round_to(x):
    return float(f"{x:.9g}")


if __name__ == "__main__":
    for name in sys.argv[2:] or EXPERIMENTS:
        salt = 0
        while True:
            nearest = 1.
            with torch.no_grad():
                step(name, salt, probe=True)
            if nearest > CLEAR:
                break
            salt += 1
        result = step(name, salt)
        with open(f"{sys.argv[1]}/{name}.json", "w") as f:
            json.dump(result, f, indent=0, separators=(",", ":"))
            f.write("\n")
        print(name, salt, nearest, flush=True)
