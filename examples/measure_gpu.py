# SPDX-License-Identifier: Apache-2.0
"""Measures GEMM and attention on the GPU at hand and writes CSV files that `calibrate` and `validate` read.

    python3 examples/measure_gpu.py --gpu my_gpu --output DIR [--quick]

Needs PyTorch with CUDA. Method: CUDA graphs of one call, three warm-up replays, then as many replays as fill 20 ms, CUDA events
around them. Weights take turns among as many copies as exceed L2 (five at the most), activations are random normal; every row is the
median of three. Attention is PyTorch's scaled_dot_product_attention, forward only: a kernel alone, without a serving engine's writes.
"""
import argparse
import csv
import os
import statistics
import sys


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--gpu", required=True, help="key of the device, as in `advise --list-gpus`")
    parser.add_argument("--output", required=True, help="folder for gemm.csv, prefill.csv and decode.csv")
    parser.add_argument("--quick", action="store_true", help="a tenth of the shapes")
    return parser.parse_args()


def time_us(torch, call, copies):
    """Microseconds of call(i), i in turn among `copies`, inside a CUDA graph."""
    for i in range(copies):
        call(i)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for i in range(copies):
            call(i)
    results = []
    for _ in range(3):
        for _ in range(3):
            graph.replay()
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        graph.replay()
        end.record()
        end.synchronize()
        replays = max(1, int(20.0 / max(start.elapsed_time(end), 1e-3)))
        start.record()
        for _ in range(replays):
            graph.replay()
        end.record()
        end.synchronize()
        results.append(start.elapsed_time(end) * 1e3 / (replays * copies))
    return statistics.median(results)


def gemm_shapes(quick):
    pairs = [(2048, 2048), (4096, 4096), (6144, 4096), (4096, 14336), (28672, 4096), (8192, 8192), (1024, 4096),
             (16384, 2048), (5120, 5120), (4096, 1024)]
    tokens = [1, 2, 8, 16, 33, 64, 100, 128, 256, 500, 512, 1024, 2048, 4096, 8192, 16384]
    if quick:
        pairs, tokens = pairs[1:4], tokens[::4]
    return [(m, n, k) for n, k in pairs for m in tokens]


def measure_gemm(torch, quick):
    l2 = torch.cuda.get_device_properties(0).L2_cache_size
    for m, n, k in gemm_shapes(quick):
        copies = min(5, max(1, -(-l2 // (2 * n * k))))
        x = torch.randn(m, k, device="cuda", dtype=torch.bfloat16)
        weights = [torch.randn(n, k, device="cuda", dtype=torch.bfloat16) for _ in range(copies)]
        us = time_us(torch, lambda i: torch.nn.functional.linear(x, weights[i]), copies)
        yield {"kernel": "torch_linear", "precision": "bf16", "m": m, "n": n, "k": k, "time_us": round(us, 3),
               "act_quant_included": 0}


def attention(torch, batch, heads, kv_heads, queries, keys, dim, causal):
    shape = {"device": "cuda", "dtype": torch.bfloat16}
    q = torch.randn(batch, heads, queries, dim, **shape)
    k = torch.randn(batch, kv_heads, keys, dim, **shape)
    v = torch.randn(batch, kv_heads, keys, dim, **shape)
    run = torch.nn.functional.scaled_dot_product_attention
    us = time_us(torch, lambda _: run(q, k, v, is_causal=causal, enable_gqa=heads != kv_heads), 1)
    return {"kernel": "torch_sdpa", "kv_dtype": "bf16", "batch": batch, "heads_q": heads, "heads_kv": kv_heads,
            "seq_q": queries, "seq_kv": keys, "head_dim": dim, "time_us": round(us, 3)}


def measure_prefill(torch, quick):
    lengths = [512, 2048, 8192] if quick else [128, 256, 512, 1000, 1024, 2048, 4096, 8192, 16384]
    for heads, kv_heads, dim in [(32, 32, 128), (32, 8, 128), (32, 8, 64)]:
        for batch in [1, 4]:
            for n in lengths:
                yield {"attn_dtype": "bf16", "causal": 1, **attention(torch, batch, heads, kv_heads, n, n, dim, True)}


def measure_decode(torch, quick):
    lengths = [512, 4096, 32768] if quick else [128, 512, 1024, 2048, 4096, 8192, 16384, 32768]
    for heads, kv_heads, dim in [(32, 32, 128), (32, 8, 128), (64, 8, 128)]:
        for batch in [1, 8, 64]:
            for n in lengths:
                if batch * n * kv_heads * dim * 4 < 16e9:
                    yield {"q_dtype": "bf16", **attention(torch, batch, heads, kv_heads, 1, n, dim, False)}


def main():
    args = arguments()
    try:
        import torch
    except ImportError:
        sys.exit("measure_gpu.py: needs PyTorch (pip install torch)")
    if not torch.cuda.is_available():
        sys.exit("measure_gpu.py: PyTorch finds no CUDA device")
    os.makedirs(args.output, exist_ok=True)
    source = f"measure_gpu:torch-{torch.__version__}"
    for name, rows in [("gemm.csv", measure_gemm), ("prefill.csv", measure_prefill), ("decode.csv", measure_decode)]:
        written = [{"gpu": args.gpu, "source": source, **row} for row in rows(torch, args.quick)]
        path = os.path.join(args.output, name)
        with open(path + ".part", "w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(written[0]))
            writer.writeheader()
            writer.writerows(written)
        os.replace(path + ".part", path)
        print(f"{path}: {len(written)} rows on {torch.cuda.get_device_name(0)}")


if __name__ == "__main__":
    main()
