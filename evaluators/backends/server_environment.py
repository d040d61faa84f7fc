"""The environment variables that a server may have: it reads files of strangers, so it gets no secrets of ours."""

from __future__ import annotations

from collections.abc import Mapping

NAMES = frozenset(
    {
        "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TERM", "TMPDIR", "TEMP", "TMP", "SHELL",
        "LD_LIBRARY_PATH", "LIBRARY_PATH", "CPATH", "CC", "CXX", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONHASHSEED",
        "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "SSL_CERT_FILE",
        "SSL_CERT_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "SYSTEMROOT",
    }
)  # fmt: skip
PREFIXES = (
    "LC_", "CUDA_", "CUBLAS_", "NVIDIA_", "NCCL_", "HIP_", "ROCM_", "ROCR_", "HSA_", "GPU_", "ZE_", "ONEAPI_",
    "SYCL_", "METAL_", "DYLD_", "GGML_", "LLAMA_", "VLLM_", "TORCH", "PYTORCH_", "TRITON_", "TRANSFORMERS_",
    "TOKENIZERS_", "OMP_", "KMP_", "GOMP_", "MKL_", "OPENBLAS_", "NUMEXPR_",
)  # fmt: skip
SECRETS = ("TOKEN", "KEY", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "WEBHOOK")
"""Words that mark a variable as a secret whatever it begins with."""


def server_environment(ours: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """What of our environment a server gets, and `more`, which is made for it."""
    kept = {
        name: value
        for name, value in ours.items()
        if (name in NAMES or name.startswith(PREFIXES))
        and not any(word in name.replace("TOKENIZERS", "") for word in SECRETS)
    }
    return kept | dict(more)
