"""Tables that programs print or publish: BFCL's CSV, llama-bench's CSV, SQL and Markdown. The rows are their own."""

import json
from pathlib import Path

import pytest

from evaluators.outside.outside_records import OutsideResult, OutsideRun
from evaluators.outside.read_file import read_outside_file
from evaluators.outside.read_outside import read_outside
from evaluators.user_error import UserError
from flows.verification.import_results import ImportRequest, import_results
from tests.outside.test_import_results import home
from tests.outside.test_planted_results import write
from warehouse.home import Home

__all__ = ["home"]
V3 = """\
Rank,Overall Acc,Model,Model Link,Cost ($ Per 1k Function Calls),Latency Mean (s),Latency Standard Deviation (s),Latency 95th Percentile (s),Non-Live AST Acc,Non-Live Simple AST,Non-Live Multiple AST,Non-Live Parallel AST,Non-Live Parallel Multiple AST,Non-Live Exec Acc,Non-Live Simple Exec,Non-Live Multiple Exec,Non-Live Parallel Exec,Non-Live Parallel Multiple Exec,Live Acc,Live Simple AST,Live Multiple AST,Live Parallel AST,Live Parallel Multiple AST,Multi Turn Acc,Multi Turn Base,Multi Turn Miss Func,Multi Turn Miss Param,Multi Turn Long Context,Relevance Detection,Irrelevance Detection,Organization,License
12,61.28%,Qwen2.5-72B-Instruct (Prompt),https://huggingface.co/Qwen/Qwen2.5-72B-Instruct,N/A,3.72,6.88,9.64,90.81%,80.25%,97.50%,93.50%,92.00%,92.70%,99.29%,94.00%,90.00%,87.50%,75.21%,84.50%,82.15%,62.50%,75.00%,18.00%,24.50%,20.00%,15.50%,12.00%,100.00%,72.81%,Qwen,qwen
13,60.94%,Gemini-1.5-Pro-002 (FC),https://deepmind.google/technologies/gemini/pro/,5.39,2.07,2.64,4.07,87.29%,73.17%,95.00%,91.50%,89.50%,84.61%,75.93%,94.00%,86.00%,82.50%,76.19%,79.46%,75.21%,87.50%,75.00%,21.62%,31.00%,5.00%,21.00%,29.50%,72.22%,76.90%,Google,Proprietary
"""  # noqa: E501
V4 = """\
Rank,Overall Acc,Model,Model Link,Total Cost ($),Latency Mean (s),Latency Standard Deviation (s),Latency 95th Percentile (s),Non-Live AST Acc,Non-Live Simple AST,Non-Live Multiple AST,Non-Live Parallel AST,Non-Live Parallel Multiple AST,Live Acc,Live Simple AST,Live Multiple AST,Live Parallel AST,Live Parallel Multiple AST,Multi Turn Acc,Multi Turn Base,Multi Turn Miss Func,Multi Turn Miss Param,Multi Turn Long Context,Web Search Acc,Web Search Base,Web Search No Snippet,Memory Acc,Memory KV,Memory Vector,Memory Recursive Summarization,Relevance Detection,Irrelevance Detection,Format Sensitivity Max Delta,Format Sensitivity Standard Deviation,Organization,License
1,74.50%,Glyphh Ada 1.1 (HDC+FC),https://glyphh.ai,2.08,8.52,7.69,23.1,88.71%,80.83%,94.50%,91.50%,88.00%,74.32%,84.11%,71.89%,75.00%,75.00%,53.75%,60.50%,51.00%,47.50%,56.00%,79.50%,77.00%,82.00%,87.10%,87.10%,87.10%,87.10%,N/A,87.56%,N/A,N/A,Glyphh,Proprietary
"""  # noqa: E501
NON_LIVE = """\
Rank,Model,Non-Live Overall Acc,AST Summary,Simple AST,Python Simple AST,Java Simple AST,JavaScript Simple AST,Multiple AST,Parallel AST,Parallel Multiple AST,Irrelevance Detection
1,Glyphh Ada 1.1 (HDC+FC),88.71%,88.71%,80.83%,94.50%,76.00%,72.00%,94.50%,91.50%,88.00%,85.42%
"""  # noqa: E501


def scores(run: OutsideRun) -> dict[str, float | None]:
    return {f"{result.model} {result.task}": result.score and round(result.score, 6) for result in run.results}


def test_bfcl_3_and_its_hub_links(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "any name.csv", V3)
    run = read_outside_file(path)
    assert scores(run)["Qwen/Qwen2.5-72B-Instruct bfcl_v3"] == 0.6128
    assert scores(run)["Gemini-1.5-Pro-002 bfcl_v3_multi_turn"] == 0.2162
    assert {result.settings.notes for result in run.results} == {("Prompt mode",), ("FC mode",)}
    report = import_results(home, str(path), ImportRequest(), dry_run=True)
    assert [(run.release.model, run.benchmark) for run in report.runs] == [("Qwen/Qwen2.5-72B-Instruct", "bfcl_v3")]
    assert any("Gemini-1.5-Pro-002" in left.reason and "--release" in left.reason for left in report.left_out)


def test_a_release_takes_only_its_own_row(home: Home, tmp_path: Path) -> None:
    """A table of several models and --release: the others' scores are not that release's."""
    path = str(write(tmp_path / "data_overall.csv", V3))
    report = import_results(home, path, ImportRequest(release="google/gemini-1.5-pro-002"), dry_run=True)
    assert [(run.release.model, run.measurements[0].score) for run in report.runs] == [
        ("google/gemini-1.5-pro-002", pytest.approx(0.6094))
    ]
    assert "Qwen/Qwen2.5-72B-Instruct" in {left.place for left in report.left_out}
    with pytest.raises(UserError, match="several models here"):
        import_results(home, path, ImportRequest(release="org/model"), dry_run=True)


def test_bfcl_4_with_its_categories(home: Home, tmp_path: Path) -> None:
    write(tmp_path / "data_overall.csv", V4)
    write(tmp_path / "data_non_live.csv", NON_LIVE)
    runs, left = read_outside(tmp_path)
    name = "Glyphh Ada 1.1 (HDC+FC)"
    assert scores(runs[0]) == {
        f"{name} bfcl_v4_simple_python": 0.945, f"{name} bfcl_v4_multiple": 0.945, f"{name} bfcl_v4_parallel": 0.915,
        f"{name} bfcl_v4_parallel_multiple": 0.88, f"{name} bfcl_v4_irrelevance": 0.8542,
    }  # fmt: skip
    assert scores(runs[1])[f"{name} bfcl_v4"] == 0.745 and scores(runs[1])[f"{name} bfcl_v4_live"] == 0.7432
    assert f"{name} bfcl_v4_irrelevance" not in scores(runs[1])  # there it is the mean with the live one
    (tmp_path / "data_overall.csv").unlink()
    with pytest.raises(UserError, match=r"does not tell the version of BFCL; put data_overall\.csv"):
        read_outside(tmp_path)
    assert left == []


def test_an_overall_score_over_missing_categories_is_none(tmp_path: Path) -> None:
    run = read_outside_file(
        write(tmp_path / "data_overall.csv", V4.replace("87.10%,87.10%,87.10%,87.10%", "N/A,N/A,N/A,N/A"))
    )
    assert "Glyphh Ada 1.1 (HDC+FC) bfcl_v4" not in scores(run)
    assert [one.reason for one in run.left_out] == ["Memory Acc was not run, and counts as 0 in it"]


MARKDOWN = """\
ggml_cuda_init: found 1 CUDA devices:
  Device 0: NVIDIA GeForce RTX 4080, compute capability 8.9, VMM: yes
| model                          |       size |     params | backend    | ngl |            test |                  t/s |
| ------------------------------ | ---------: | ---------: | ---------- | --: | --------------: | -------------------: |
| qwen2 7B Q4_K - Medium         |   4.36 GiB |     7.62 B | CUDA       |  99 |           pp512 |      7340.20 ± 23.45 |
| qwen2 7B Q4_K - Medium         |   4.36 GiB |     7.62 B | CUDA       |  99 |           tg128 |        120.60 ± 0.59 |
| qwen2 7B Q4_K - Medium         |   4.36 GiB |     7.62 B | CUDA       |  99 |    pp512 @ d512 |      6425.91 ± 18.88 |
| qwen2 7B Q4_K - Medium         |   4.36 GiB |     7.62 B | CUDA       |  99 |    tg128 @ d512 |        116.71 ± 0.60 |

build: 8cf427ff (5163)
"""
ROW = {"build_commit": "8cf427ff", "build_number": "5163", "cpu_info": "AMD Ryzen 7 7800X3D 8-Core Processor",
       "gpu_info": "NVIDIA GeForce RTX 4080", "backends": "CUDA", "n_gpu_layers": "99",
       "model_filename": "models/Qwen2.5-7B-Instruct-Q4_K_M.gguf", "model_type": "qwen2 7B Q4_K - Medium",
       "model_size": "4677120000", "model_n_params": "7615616512", "n_prompt": "512", "n_gen": "0", "n_depth": "0",
       "test_time": "2025-04-24T11:57:09Z", "avg_ns": "70285660", "stddev_ns": "982040", "avg_ts": "7285.676949",
       "stddev_ts": "100.064434"}  # fmt: skip
CSV = ",".join(ROW) + "\n" + ",".join(f'"{value}"' for value in ROW.values()) + "\n"
FIELDS = " TEXT,\n  ".join(ROW)
SQL = f"CREATE TABLE IF NOT EXISTS llama_bench (\n  {FIELDS} TEXT\n);\n\nINSERT INTO llama_bench "
SQL += f"({', '.join(ROW)}) VALUES ({', '.join(repr(value) for value in ROW.values())});\n"


def speeds(run: OutsideRun) -> list[tuple[str, float | None, int | None, str | None, str | None]]:
    return [(result.task, result.score, result.settings.depth, result.settings.hardware, result.settings.quantization)
            for result in run.results if result.unit == "tok/s"]  # fmt: skip


def test_llama_bench_markdown(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "pasted.md", f"# My benchmarks\n\n{MARKDOWN}")
    run = read_outside_file(path)
    card = "NVIDIA GeForce RTX 4080"
    assert speeds(run) == [
        ("prompt_speed", 7340.2, 0, card, "Q4_K_M"), ("output_speed", 120.6, 0, card, "Q4_K_M"),
        ("prompt_speed", 6425.91, 512, card, "Q4_K_M"), ("output_speed", 116.71, 512, card, "Q4_K_M"),
    ]  # fmt: skip
    assert (run.harness_version, len(run.results)) == ("b5163 8cf427ff", 4)  # rounded sizes are no facts
    with pytest.raises(UserError, match="calls the model qwen2 7B Q4_K - Medium"):
        import_results(home, str(path), ImportRequest(), dry_run=True)
    report = import_results(home, str(path), ImportRequest(release="Qwen/Qwen2.5-7B-Instruct"), dry_run=True)
    assert len(report.runs) == 4


@pytest.mark.parametrize(("name", "content"), [("a.csv", CSV), ("a.sql", SQL)])
def test_llama_bench_csv_and_sql_say_what_its_json_says(tmp_path: Path, name: str, content: str) -> None:
    run = read_outside_file(write(tmp_path / name, content))
    same = read_outside_file(write(tmp_path / "a.json", json.dumps([ROW])))
    assert speeds(run) == [("prompt_speed", 7285.676949, 0, "NVIDIA GeForce RTX 4080", "Q4_K_M")]
    assert [result.model_dump() for result in run.results] == [result.model_dump() for result in same.results]
    assert {result.task: result.score for result in run.results if result.unit != "tok/s"} == {
        "total_parameters": 7615616512.0, "file_size": 4677120000.0,
    }  # fmt: skip


def test_a_series_over_an_option_is_several_runs(home: Home, tmp_path: Path) -> None:
    """Without layers on the card the processor is the machine; each number of threads is a run of its own."""
    rows = [ROW | {"n_gpu_layers": layers, "n_threads": threads, "avg_ts": speed, "n_prompt": "0", "n_gen": "128"}
            for layers, threads, speed in (("0", "4", "5.5"), ("0", "8", "9.5"), ("99", "8", "120.5"))]  # fmt: skip
    path = write(tmp_path / "a.json", json.dumps(rows))
    report = import_results(home, str(path), ImportRequest(release="Qwen/Qwen2.5-7B-Instruct"), dry_run=True)
    measured = [
        (run.settings.hardware, run.measurements[0].score) for run in report.runs if run.benchmark == "output_speed"
    ]
    processor = "AMD Ryzen 7 7800X3D 8-Core Processor"
    assert measured == [(processor, 5.5), (processor, 9.5), ("NVIDIA GeForce RTX 4080", 120.5)]
    assert not any("twice" in left.reason for left in report.left_out)


def test_cut_tables_give_nothing_of_the_cut_row(tmp_path: Path) -> None:
    for whole in (CSV, V3):
        with pytest.raises(UserError, match="is cut: row"):
            read_outside_file(write(tmp_path / "a.csv", whole[: len(whole) - 60]))
    cut = read_outside_file(write(tmp_path / "a.md", MARKDOWN[: MARKDOWN.index("120.60") + 3]))
    assert [result.score for result in cut.results] == [7340.2]
    with pytest.raises(UserError, match="no known format"):
        read_outside_file(write(tmp_path / "a.sql", SQL[:-40]))


def test_a_table_that_powershell_wrote(tmp_path: Path) -> None:
    """UTF-8 with its mark is read; of UTF-16 the way out is told."""
    (tmp_path / "a.csv").write_text(CSV, encoding="utf-8-sig")
    assert speeds(read_outside_file(tmp_path / "a.csv"))[0][1] == 7285.676949
    (tmp_path / "a.json").write_text(json.dumps([ROW]), encoding="utf-16")
    with pytest.raises(UserError, match="save it as UTF-8"):
        read_outside_file(tmp_path / "a.json")


def result_of(path: Path) -> OutsideResult:
    return read_outside_file(path).results[0]


def test_other_tables_and_notes_are_no_results(tmp_path: Path) -> None:
    write(tmp_path / "README.md", "# Notes\n| model | score |\n| --- | --- |\n| a | 1 |\n")
    write(tmp_path / "people.csv", "Rank,Name\n1,a\n")
    write(tmp_path / "other leaderboard.csv", "Rank,Model,Overall Acc\n1,a,50.00%\n")
    write(tmp_path / "speeds.md", MARKDOWN)
    runs, left = read_outside(tmp_path)
    assert [run.format for run in runs] == ["llama-bench Markdown"] and left == []
    with pytest.raises(UserError, match="no known format"):
        result_of(tmp_path / "people.csv")
