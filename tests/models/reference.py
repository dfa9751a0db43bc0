"""DIVINE in evaluation, clip by clip, from its weights: the paper's equations in numpy, without padding, masks or torch.

Independent of ``divine.models``: it reads a state dict and knows only names.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def kl(mu, logvar):
    """KL of a diagonal Gaussian to the standard normal, sigma^2 = exp(logvar), as a mean over dimensions."""
    variance = np.exp(logvar)
    return np.mean((variance + mu**2 - 1 - np.log(variance)) / 2)


@dataclass
class Heard:
    refined: np.ndarray
    window: tuple
    pooled: np.ndarray
    shared: tuple
    private: tuple
    gate: np.ndarray


class Reference:
    """One DIVINE with attention and severity from tokens."""

    def __init__(self, state, heads, beta=1e-3):
        self.w = {name: value.double().numpy() for name, value in state.items()}
        self.heads, self.beta = heads, beta

    def linear(self, name, x):
        return x @ self.w[f"{name}.weight"].T + self.w[f"{name}.bias"]

    def mlp(self, name, x):
        return self.linear(f"{name}.3", np.maximum(self.linear(f"{name}.0", x), 0))

    def gaussian(self, name, x):
        """Mean ``W x + mlp(x)``, and a log-variance bounded to (-8, 0), as docs/model.md says."""
        mu, raw = np.split(self.mlp(f"{name}.layers", x), 2, axis=-1)
        return mu + x @ self.w[f"{name}.straight.0.weight"].T, 4 * np.tanh(raw / 4) - 4

    def layer_norm(self, name, x):
        centred = x - x.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
        return scaled * self.w[f"{name}.weight"] + self.w[f"{name}.bias"]

    def refine(self, m, x):
        kernel = self.w[f"refinement.{m}.convolution.weight"]
        half = kernel.shape[2] // 2
        padded = np.pad(x, ((half, half), (0, 0)))
        convolved = np.stack([np.einsum("cdk,kd->c", kernel, padded[t : t + kernel.shape[2]]) for t in range(len(x))])
        n = f"refinement.{m}.normalisation"
        normal = (convolved - self.w[f"{n}.mean"]) / np.sqrt(self.w[f"{n}.var"] + 1e-5)
        active = np.maximum(normal * self.w[f"{n}.weight"] + self.w[f"{n}.bias"], 0)
        return np.stack([active[t : t + 2].max(axis=0) for t in range(0, len(x), 2)])

    def hear(self, m, x):
        refined = self.refine(m, x)
        window = self.gaussian(f"local_vae.encoder.{m}", refined)
        pooled = window[0].mean(axis=0)
        shared = self.gaussian("utterance_vae.shared", pooled)
        private = self.gaussian(f"utterance_vae.private.{m}", pooled)
        gate = 1 / (1 + np.exp(-self.linear(f"fusion.gate.{m}", private[0])))
        return Heard(refined, window, pooled, shared, private, gate)

    def decode_audio(self, video):
        return self.mlp("alignment.layers", video.shared[0])

    def speak(self, fused):
        """Return diagnosis, level and item logits, and the attention of the fused row over the tokens."""
        tokens = self.w["tokens.tokens"]
        rows = np.concatenate([tokens, fused[None]])
        q, k, v = np.split(
            self.linear("tokens.mixer.query_key_value", self.layer_norm("tokens.mixer.before_attention", rows)), 3, -1
        )
        width = q.shape[1] // self.heads
        mixed, weights = np.zeros_like(q), []
        for head in range(self.heads):
            part = slice(head * width, (head + 1) * width)
            weights.append(softmax(q[:, part] @ k[:, part].T / np.sqrt(width)))
            mixed[:, part] = weights[-1] @ v[:, part]
        rows = rows + self.linear("tokens.mixer.out", mixed)
        rows = rows + self.mlp("tokens.mixer.mlp", self.layer_norm("tokens.mixer.before_mlp", rows))
        rows = self.layer_norm("heads.norm", rows)
        attention = np.mean(weights, axis=0)[-1, :-1]
        items = np.stack([self.linear(f"heads.items.{one}", rows[one]) for one in range(len(tokens))])
        return (
            self.linear("heads.diagnosis", rows[-1]),
            self.linear("heads.level", rows[-1]),
            items,
            attention / attention.sum(),
        )

    def window_term(self, m, one):
        terms = []
        for x, mu, logvar in zip(one.refined, *one.window, strict=True):
            terms.append(np.mean((x - self.mlp(f"local_vae.decoder.{m}", mu)) ** 2) + self.beta * kl(mu, logvar))
        return np.mean(terms)

    def utterance_term(self, m, one):
        again = self.mlp(f"utterance_vae.decoder.{m}", np.concatenate([one.shared[0], one.private[0]]))
        return np.mean((one.pooled - again) ** 2) + self.beta * kl(*one.shared) + self.beta * kl(*one.private)

    def tokens_alike(self):
        tokens = self.w["tokens.tokens"]
        pairs = [(a, b) for a in range(len(tokens)) for b in range(len(tokens)) if a != b]
        cosines = [tokens[a] @ tokens[b] / np.linalg.norm(tokens[a]) / np.linalg.norm(tokens[b]) for a, b in pairs]
        return np.mean(np.square(cosines)) if pairs else 0.0
