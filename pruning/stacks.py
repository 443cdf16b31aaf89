"""Any stack of layers of one model, without building a smaller one: for training many at once, and for scoring many.

A stack is the tuple of its kept layers. Stacks that begin alike share what the layers they begin with give.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import Tensor, nn
from transformers import PreTrainedModel

from .families import get_family

Batch = dict[str, Tensor]
Stack = tuple[int, ...]


class Given(nn.Module):
    """Stands where a layer did, and gives what that layer gave."""

    def __init__(self, output, layer: nn.Module):
        super().__init__()
        self.output = output
        self.attention_type = getattr(layer, "attention_type", None)  # some models ask a layer which mask it wants

    def forward(self, *args, **kwargs):
        return self.output


class Stacks:
    """The stacks of a model. It is changed in place while one runs, and whole again afterwards.

    ValueError: the layers of its family cannot be moved.
    """

    def __init__(self, model: PreTrainedModel):
        self.family = get_family(model.config.model_type)
        fixed = self.family.fixed or (getattr(model.config, self.family.fixed_if, 0) and f"its {self.family.fixed_if}")
        if fixed:
            raise ValueError(f"the layers of {self.family.label} cannot be put together to any stack: {fixed}")
        self.model = model
        # a cache of keys and values counts on every layer being there
        self.options = {"use_cache": False} if hasattr(model.config, "use_cache") else {}
        self.layers = list(model.get_submodule(self.family.layers))

    def exits(self, stack: Stack, batch: Batch, lowest: int = 0) -> Iterator:
        """What the model gives if it ends after a layer of that stack: one output each, from layer `lowest` on."""
        outputs = []
        hooks = [self.layers[i].register_forward_hook(lambda _, __, output: outputs.append(output)) for i in stack]
        try:
            last = self.run([self.layers[i] for i in stack], stack, batch)
        finally:
            for hook in hooks:
                hook.remove()
        for layer, output in zip(stack[:-1], outputs, strict=False):
            if layer >= lowest:
                yield self.run([Given(output, self.layers[layer])], (layer,), batch)
        yield last

    def walk(self, stacks: Sequence[Stack], batch: Batch) -> Iterator[tuple[Stack, Tensor]]:
        """Each of those stacks with its logits; what several begin with is computed once."""
        wanted = set(stacks)
        begun = {stack[:n] for stack in stacks for n in range(1, len(stack) + 1)}

        def go_on(stack: Stack, output) -> Iterator[tuple[Stack, Tensor]]:
            for layer in range(stack[-1] + 1 if stack else 0, len(self.layers)):
                longer = (*stack, layer)
                if longer not in begun:
                    continue
                found = []
                hook = self.layers[layer].register_forward_hook(lambda _, __, given: found.append(given))
                try:
                    before = [Given(output, self.layers[stack[-1]])] if stack else []
                    result = self.run([*before, self.layers[layer]], (*stack[-1:], layer), batch)
                finally:
                    hook.remove()
                if longer in wanted:
                    yield longer, result.logits
                yield from go_on(longer, found[0])

        return go_on((), None)

    def run(self, modules: list[nn.Module], layers: Stack, batch: Batch):
        """The model's output with those modules in the place of its layers; `layers` are the ones they stand for."""
        with self.replaced(modules, layers):
            return self.model(**batch, **self.options)

    @contextmanager
    def replaced(self, modules: list[nn.Module], layers: Stack) -> Iterator[None]:
        """Within it the model holds those modules, and its config says so."""
        config, family = self.model.config, self.family
        names = [family.count, *(name for name in family.per_layer if getattr(config, name, None) is not None)]
        before = {name: getattr(config, name) for name in names}
        try:
            self.model.set_submodule(family.layers, nn.ModuleList(modules))
            setattr(config, family.count, len(modules))
            for name in names[1:]:
                setattr(config, name, [before[name][i] for i in layers])
            yield
        finally:
            for name, value in before.items():
                setattr(config, name, value)
            self.model.set_submodule(family.layers, nn.ModuleList(self.layers))
