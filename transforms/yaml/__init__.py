"""What Beam YAML finds of ours; `configs/yaml/providers.yaml` names it."""

from typing import TYPE_CHECKING

from transforms.lazy import on_demand

if TYPE_CHECKING:
    from transforms.yaml.annotate import AnnotateArticles
else:
    __getattr__ = on_demand(__name__)

__all__ = ["AnnotateArticles"]
