"""What Beam YAML finds of ours; `configs/yaml/providers.yaml` names it."""

from transforms.yaml.annotate import AnnotateArticles

__all__ = ["AnnotateArticles"]
