"""Words in tables and labels, and what they are: column headings, metrics, modes."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LABEL_HEADS = _words(
    "benchmark benchmarks benchmarkname bench task tasks taskname dataset datasets eval evals evaluation evaluations "
    "test tests property item specification spec specifications field attribute parameter feature evaluationbenchmark "
    "对比项 基准 基准测试 评测基准 评测集 评测 数据集 测试集 任务 评估基准 项目 指标名称 "
    "평가지표 벤치마크 데이터셋 データセット ベンチマーク"
)
MODEL_HEADS = _words(
    "model models modelname checkpoint checkpoints pretrainedmodel basemodel llm system variant modelvariant "
    "模型 模型名称 模型名"
)
SHOT_HEADS = _words("shots shot nshot nshots numshots fewshot fewshots numshot ofshots 样本数")
METRIC_HEADS = _words("metric metrics measure scoring scoringmetric evaluationmetric 指标 评测指标 评价指标")
GROUP_HEADS = _words(
    "modeltype category categories capability capabilities domain domains area group type ability topic "
    "skill skills dimension aspect tasktype taskcategory "
    "类别 类型 任务类型 任务类别 能力 领域 分类 维度 분야 영역 측정영역 카테고리 カテゴリ"
)
PART_HEADS = _words(
    "language languages lang langs region country locale split subset subsets subject subjects difficulty level length "
    "lengths section part programminglanguage 语言 子集 难度 长度 科目"
)
"""Headings of columns that say which part of a benchmark a row is about."""
STATED_HEADS = _words(
    "setting settings config configuration evalsetting evaluationsetting setup prompt prompting method "
    "protocol condition round rounds turn iteration attempt 设置 评测设置 评测方式 轮次 轮数"
)
"""Headings of columns whose words state settings of any kind, or which of several rounds was measured."""
SIZE_HEADS = _words("size modelsize params parameters parametersize 参数量 模型大小 规模")
NUMBER_HEADS = _words("gpunum gpunumber numgpus numberofgpus gpucount ngpus gpus 显卡数 卡数 部署卡数 gpu数 gpu数量")
SETTING_HEADS = {
    "hardware": "hardware", "gpu": "hardware", "gpus": "hardware", "device": "hardware", "machine": "hardware",
    "accelerator": "hardware", "cpu": "hardware", "backend": "backend", "engine": "backend", "runtime": "backend",
    "framework": "backend", "inferenceengine": "backend", "servingengine": "backend", "software": "backend",
    "quant": "quantization", "quants": "quantization", "quantization": "quantization", "quanttype": "quantization",
    "quantizationtype": "quantization",
    "precision": "quantization", "dtype": "quantization", "format": "quantization", "weights": "quantization",
    "concurrency": "concurrency", "streams": "concurrency", "concurrentrequests": "concurrency",
    "prompttokens": "prompt_tokens", "promptlength": "prompt_tokens", "inputtokens": "prompt_tokens",
    "inputlength": "prompt_tokens", "generationtokens": "generation_tokens", "outputtokens": "generation_tokens",
    "outputlength": "generation_tokens", "generatedtokens": "generation_tokens", "depth": "depth",
    "contextdepth": "depth", "mode": "mode", "thinking": "thinking", "reasoning": "thinking",
    "reasoningmode": "thinking", "thinkingmode": "thinking", "inferencemode": "mode", "effort": "effort",
    "reasoningeffort": "effort", "scaffold": "scaffold", "harness": "harness", "judge": "judge",
    "batchsize": "concurrency", "batch": "concurrency", "numconcurrency": "concurrency", "ctx": "depth",
    "inputseqlen": "prompt_tokens", "inputlen": "prompt_tokens", "isl": "prompt_tokens", "osl": "generation_tokens",
    "outputlen": "generation_tokens", "prefilllength": "prompt_tokens", "decodelength": "generation_tokens",
    "prefilltokens": "prompt_tokens", "decodetokens": "generation_tokens",
    "硬件": "hardware", "显卡": "hardware", "设备": "hardware", "框架": "backend",
    "推理框架": "backend", "量化": "quantization", "量化方式": "quantization", "量化等级": "quantization",
    "量化精度": "quantization", "数据类型": "quantization", "精度": "quantization",
    "输入长度": "prompt_tokens", "输出长度": "generation_tokens", "并发": "concurrency", "并发数": "concurrency",
    "批大小": "concurrency", "模式": "mode", "agent": "scaffold", "agentframework": "scaffold",
}  # fmt: skip
ASIDE_HEADS = _words(
    "delta diff difference gain improvement change rank n count samples items questions examples stderr std "
    "margin weight recovery recoveryrate notes note comment comments description source link links download "
    "downloadlinks url license size filename file name cost price date releasedate version year items numitems "
    "testsize gpumemory memory vram peakmemory memoryusage gpumemoryusage memorymb backendversion ngl threads "
    "备注 说明 下载 链接 描述 显存"
)

SAYS_NOTHING = _words(
    "release released releasedate date license licence link links download downloads downloadlink downloadlinks url "
    "huggingface modelscope price cost flops trainflops trainingflops traincompute trainingcompute compute "
    "organization organisation org company developer vendor provider creator publisher openclosed openclose "
    "opensource openweight openweights access availability paper papers demo onlinedemo homepage "
    "goodfor bestfor idealfor greatfor bestat usecase usecases bestusecase purpose strength strengths verdict "
    "机构 厂商 开源闭源 是否开源 发布时间 发布日期 下载 链接 下载链接 许可证 开源协议 论文"
)
"""Headings of columns that tell readers about a model, and nothing of how it was measured."""


VARIANTS = _words(
    "pro plus hard lite redux verified mini multilingual platinum diamond extended main base v1 v2 v3 v4 v5 v6 plus+ x "
    "extra"
)
"""Words that make another benchmark of a name: never passed over as a mere qualifier."""
VALUE_HEADS = _words("value values details detail description specification specifications info 值 数值 参数 描述") | {
    ""
}
CATEGORIES = _words(
    "math maths mathematics code coding programming reasoning knowledge commonsense commonsensereasoning general "
    "language multilingual generalknowledge worldknowledge readingcomprehension "
    "instructionfollowing safety agent agents agentic vision multimodal longcontext writing creativewriting alignment "
    "understanding tooluse science stem humanities mathreasoning english chinese 数学 代码 推理 知识 "
    "通用 综合 常识 语言 英文 中文 编程 对话 指令遵循 智能体 多语言 长文本"
)
"""Names of groups of benchmarks: a number beside one is an average, and no benchmark's score."""
NO_SCORES = _words(
    "epoch epochs warmup warmuprate learningrate lr batchsize optimizer weightdecay dropout temperature topp "
    "topk minp thinkingbudget reasoningbudget budget maxtokens maxnewtokens maxoutputtokens outputlimit layers "
    "numlayers heads attentionheads hiddensize hiddendimension dmodel experts numexperts activeexperts price "
    "warmupsteps warmupratio beta1 beta2 adambeta1 adambeta2 epsilon eps adamepsilon peaklr minlr minimumlr maxlr "
    "peaklearningrate minimumlearningrate lrschedule gradientclipping gradientclip batchsizeinstances "
    "loss trainloss trainingloss evalloss validationloss shots nshots nshot "
    "cost inputprice outputprice latency memory gpumemory vram seed steps release releasedate date "
    "knowledgecutoff architecture"
)
"""Labels of settings, hyper-parameters and prices: no benchmark, whatever number stands beside them."""
TRAINING = _words(
    "peaklr minimumlr beta1 learningrate peaklearningrate maxlearningrate weightdecay optimizer batchsize warmupsteps "
    "adambeta1"
)
"""Labels that only a table of a training's settings has."""
OF_TEN = frozenset({"mt_bench", "komt_bench", "alignbench", "logickor"})
"""Benchmarks whose judge gives marks out of ten."""
OF_TEN_OR_HUNDRED = frozenset({"writingbench", "creative_writing_v3"})
"""Benchmarks whose judge gives marks that cards print out of ten or out of a hundred."""
FAMILIES = _words(
    "gpt chatgpt claude gemini gemma llama qwen qwq mistral mixtral ministral deepseek glm chatglm kimi phi yi "
    "internlm baichuan falcon mpt olmo nemotron minimax grok command granite smollm exaone ernie hunyuan "
    "longcat step doubao seed opus sonnet haiku palm bloom opt pythia redpajama vicuna alpaca wizardlm "
    "starcoder codellama codestral magistral devstral nova jamba stablelm zephyr solar orca tulu aya dbrx "
    "arctic rwkv mamba moonlight skywork intern xgen pangu mimo ling ring apertus lfm hermes nanbeige telechat "
    "spark o1 o3 o4"
)
"""Beginnings of well-known model names."""

METRIC_WORDS = {
    "em": "exact_match",
    "exactmatch": "exact_match",
    "acc": "acc",
    "accuracy": "acc",
    "accnorm": "acc_norm",
    "accn": "acc_norm",
    "准确率": "acc",
    "正确率": "acc",
    "准确度": "acc",
    "normalizedaccuracy": "acc_norm",
    "f1": "f1",
    "f1score": "f1",
    "pass1": "pass@1",
    "passat1": "pass@1",
    "bleu": "bleu",
    "rougel": "rougeL",
    "chrf": "chrf",
    "wer": "wer",
    "bpb": "bits_per_byte",
    "ppl": "perplexity",
    "perplexity": "perplexity",
    "mc1": "mc1",
    "mc2": "mc2",
}
AVERAGES = _words("average avg mean")
MEANS = AVERAGES | _words("overall total all 平均 均分 平均分 综合")
"""Headings of a column that holds the mean over the others."""
MEASURES = _words(
    "score scores result results value percentile rating elo winrate resolved correct passrate successrate average avg "
    "mean metric"
)
"""Headings of a column of numbers that name no model."""

EFFORTS = {"low", "medium", "high", "minimal", "xhigh"}
MODES = {
    "thinking": ("thinking", "on"),
    "think": ("thinking", "on"),
    "reasoning": ("thinking", "on"),
    "w thinking": ("thinking", "on"),
    "with thinking": ("thinking", "on"),
    "thinking mode": ("thinking", "on"),
    "slow thinking": ("thinking", "on"),
    "fast thinking": ("thinking", "off"),
    "thinking on": ("thinking", "on"),
    "reasoning on": ("thinking", "on"),
    "w reasoning": ("thinking", "on"),
    "extended thinking": ("thinking", "on"),
    "w extended thinking": ("thinking", "on"),
    "with extended thinking": ("thinking", "on"),
    "non thinking": ("thinking", "off"),
    "nonthinking": ("thinking", "off"),
    "non thinking mode": ("thinking", "off"),
    "no thinking": ("thinking", "off"),
    "no think": ("thinking", "off"),
    "non reasoning": ("thinking", "off"),
    "nonreasoning": ("thinking", "off"),
    "no reasoning": ("thinking", "off"),
    "thinking off": ("thinking", "off"),
    "reasoning off": ("thinking", "off"),
    "w o thinking": ("thinking", "off"),
    "wo thinking": ("thinking", "off"),
    "without thinking": ("thinking", "off"),
    "w o extended thinking": ("thinking", "off"),
    "without extended thinking": ("thinking", "off"),
    "w o reasoning": ("thinking", "off"),
    "instruct mode": ("thinking", "off"),
}


TUNED = _words("instruct it chat inst sft dpo rl posttrained")
UNTUNED = _words("base pt pretrained pretrain pretraining")
CHINESE_MODES = {"思考": "on", "深度思考": "on", "非思考": "off", "不思考": "off", "慢思考": "on", "快思考": "off"}
NOT_MODELS = _words("datasets spaces docs collections papers blog models organizations join tasks learn posts")
"""First parts of hub addresses that lead to no model."""

GENERIC = (
    MEASURES
    | VALUE_HEADS
    | _words("model ours thismodel performance claimed reported ourmodel 得分 分数 结果 准确率 本模型 性能")
)
"""Headings of a column that is this release's without naming it."""

CHINESE_NAMES = {
    "总参数量": "total_parameters", "参数量": "total_parameters", "参数规模": "total_parameters",
    "模型参数": "total_parameters", "模型大小": "total_parameters",
    "参数总量": "total_parameters", "激活参数量": "active_parameters",
    "总参数": "total_parameters", "模型参数量": "total_parameters", "激活参数规模": "active_parameters",
    "训练数据量": "training_tokens", "支持序列长度": "context_window", "支持上下文长度": "context_window",
    "最大序列长度": "context_window", "支持文本长度": "context_window", "词表": "vocabulary_size",
    "激活参数": "active_parameters", "上下文长度": "context_window", "上下文窗口": "context_window",
    "最大长度": "context_window",
    "最大上下文长度": "context_window", "序列长度": "context_window", "词表大小": "vocabulary_size",
    "词汇表大小": "vocabulary_size", "许可证": "license", "开源协议": "license", "生成速度": "output_speed",
    "解码速度": "output_speed", "预填充速度": "prompt_speed", "首token延迟": "time_to_first_token",
    "文件大小": "file_size",
}  # fmt: skip
"""Chinese names of specifications and speeds -> catalogue names."""
