// The interface in English and Chinese. `{n}` stands for a value, `{n|thing|things}` for the form that goes with it.

const EN = {
  skip: "Skip to the question",
  index: "Library", history: "History", articles: "Articles", close: "Close",
  welcome: "Ask your own articles",
  holds: "{documents} {documents|article|articles}, {passages} {passages|passage|passages}.",
  "holds-none": "There are no articles yet. Drop files here, or choose Add files.",
  question: "Your question", "question-hint": "Ask in English or Chinese…", ask: "Ask", stop: "Stop",
  keys: "Enter asks · Alt+1 opens source 1 · Esc closes",
  filters: "Filters", since: "From", until: "Until", source: "File or folder", site: "Web site",
  "source-hint": "news/, *.pdf …", "site-hint": "example.com", clear: "Clear",
  add: "Add files", adding: "Adding files", drop: "Drop files to add them",
  sending: "Sending… {n} %", queued: "Waiting for its turn…", working: "Reading article {done} of {total}…", "working-begin": "Reading…",
  added: "{n} added", changed: "{n} changed", moved: "{n} moved", removed: "{n} removed", unchanged: "{n} unchanged", "nothing-new": "Nothing new.",
  skipped: "Skipped {source}: {reason}",
  searching: "Searching…", considering: "Reading {n} {n|passage|passages}…", writing: "Writing; checked when it is done…",
  "answer-ready": "Answer, {n} {n|source|sources}: {text}",
  "understood-as": "Understood as: {text}",
  stopped: "Stopped.", retry: "Try again", nearest: "Nearest passages: {n}",
  sources: "Sources", marker: "Source {n}: {title}", proven: "✓ proven", "proven-note": "Checked word for word against the original",
  unproven: "not proven", characters: "characters {start}–{end}",
  why: "Why these? {n} {n|passage|passages} considered",
  rank: "Rank", passage: "Passage", score: "Score", "found-by": "Found by", cited: "cited",
  dense: "meaning", lexical: "words", across: "other language", words: "second look", rerank: "second look",
  "why-note": "The place each way of searching gave it. The score orders them; it is no probability.",
  copy: "Copy with citations", "copy-all": "Copy all", copied: "Copied.", new: "New conversation", took: "{n} ms",
  view: "View", original: "Original", both: "Side by side", cleaned: "Cleaned",
  changes: "What cleaning changed", "no-changes": "Cleaning changed nothing.",
  "article-text": "Text of the article", "previous-source": "Previous source", "next-source": "Next source", "step-at": "{n} / {total}",
  removed_why: "Removed “{old}”: {why}", replaced_why: "“{old}” became “{new}”: {why}", put_why: "Put in: {why}",
  reason_at: "{why}, {n} of {total}", long_cut: "{n} characters removed: {why}", expand: "Show what was removed",
  opened: "{title}. Cited: {text}", "moved-on": "This article changed since the answer was given; ask again.",
  more: "More", refresh: "Look for changes", remove: "Remove", "remove-sure": "Remove “{title}” from the library? Its file stays.",
  open: "Open", "web-page": "Web page", "none-here": "No articles yet.", "no-questions": "No questions yet.",
  "error-network": "The server does not answer. Is rag serve still running?",
  "error-not_ready": "The articles are being indexed. Try again in a moment.",
  "error-overloaded": "The server has too much to do just now. Try again in a while.",
  "error-too_many_requests": "Too many questions are open at once. Wait for some of them.",
  "error-timeout": "That took too long. Try again, or ask for less.",
  "error-unauthorized": "The server wants a token: open this page with #token=… at the end of its address.",
  language: "中文", "language-label": "用中文显示界面",
};

const ZH = {
  skip: "跳到提问框",
  index: "文库", history: "历史", articles: "文章", close: "关闭",
  welcome: "向自己的文章提问",
  holds: "共 {documents} 篇文章，{passages} 个段落。",
  "holds-none": "还没有文章。把文件拖到这里，或点“添加文件”。",
  question: "你的问题", "question-hint": "用中文或英文提问…", ask: "提问", stop: "停止",
  keys: "回车提问 · Alt+1 打开出处 1 · Esc 关闭",
  filters: "筛选", since: "起始日期", until: "截止日期", source: "文件或文件夹", site: "网站",
  "source-hint": "news/、*.pdf …", "site-hint": "example.com", clear: "清除",
  add: "添加文件", adding: "正在添加文件", drop: "松开即可添加文件",
  sending: "正在上传… {n}%", queued: "排队中…", working: "正在处理第 {done} 篇，共 {total} 篇…", "working-begin": "正在处理…",
  added: "新增 {n} 篇", changed: "更新 {n} 篇", moved: "移动 {n} 篇", removed: "移除 {n} 篇", unchanged: "{n} 篇没有变化", "nothing-new": "没有新内容。",
  skipped: "已跳过 {source}：{reason}",
  searching: "正在检索…", considering: "正在阅读 {n} 个段落…", writing: "正在撰写，完成后核对…",
  "answer-ready": "已回答，{n} 个出处：{text}",
  "understood-as": "理解为：{text}",
  stopped: "已停止。", retry: "重试", nearest: "最接近的 {n} 个段落",
  sources: "出处", marker: "出处 {n}：{title}", proven: "✓ 已核对", "proven-note": "已与原文逐字核对",
  unproven: "未能核对", characters: "第 {start}–{end} 字",
  why: "为什么是这些？参考了 {n} 个段落",
  rank: "名次", passage: "段落", score: "得分", "found-by": "检索方式", cited: "已引用",
  dense: "语义", lexical: "字词", across: "另一语言", words: "复核", rerank: "复核",
  "why-note": "数字是各检索方式给出的名次。得分只用来排序，不是概率。",
  copy: "复制回答和出处", "copy-all": "复制全部", copied: "已复制。", new: "新对话", took: "{n} 毫秒",
  view: "显示方式", original: "原文", both: "对照", cleaned: "清洗后",
  changes: "清洗改动", "no-changes": "没有改动。",
  "article-text": "文章正文", "previous-source": "上一个出处", "next-source": "下一个出处", "step-at": "{n} / {total}",
  removed_why: "删除“{old}”：{why}", replaced_why: "“{old}”改为“{new}”：{why}", put_why: "已补入：{why}",
  reason_at: "{why}，第 {n} 处，共 {total} 处", long_cut: "删除了 {n} 个字符：{why}", expand: "显示删除的内容",
  opened: "{title}。引用：{text}", "moved-on": "回答之后这篇文章有变动，请重新提问。",
  more: "更多", refresh: "检查变动", remove: "移除", "remove-sure": "从文库中移除“{title}”？文件本身会保留。",
  open: "打开", "web-page": "网页", "none-here": "还没有文章。", "no-questions": "还没有提问。",
  "error-network": "服务器没有回应。rag serve 还在运行吗？",
  "error-not_ready": "文章正在编入索引，请稍候再试。",
  "error-overloaded": "服务器太忙，请稍后再试。",
  "error-too_many_requests": "同时提出的问题太多，请等前面的答完。",
  "error-timeout": "用时太久。请重试，或缩小问题。",
  "error-unauthorized": "服务器需要令牌：请在网址末尾加上 #token=… 再打开。",
  language: "English", "language-label": "Show the interface in English",
};

const REASONS = {
  "pinyin note": "拼音注音", "spam title": "垃圾标题", breadcrumb: "面包屑导航", navigation: "导航", byline: "署名行",
  "related articles": "相关文章", "share bar": "分享栏", promotion: "推广", "comment form": "评论框", "author box": "作者栏",
  "copyright or credit": "版权或来源", "invisible character": "不可见字符", "private-use character": "私有区字符",
  "line break": "换行", space: "空白", "GBK byte shift": "GBK 错位", "hidden text": "隐藏文字", "outside the main text": "正文之外",
  "repeated on this site": "全站重复", "UTF-8 read as cp1252": "UTF-8 误读为 cp1252", "UTF-8 read as GBK": "UTF-8 误读为 GBK",
  entity: "字符实体", link: "链接", image: "图片", menu: "菜单", "front matter": "头部信息", ligature: "连字",
  "full-width letter or digit": "全角字母或数字", "half-width kana": "半角假名", radical: "部首字符",
  "compatibility ideograph": "兼容汉字", markup: "标记",
};

let language = "en";

// The words for an error of this kind, if there are any.
export const errorKey = (type) => (`error-${type}` in EN ? `error-${type}` : "");

export const keys = () => [EN, ZH].map((words) => Object.keys(words).sort());

const preferred = () => {
  const kept = localStorage.getItem("rag-language");
  return kept || (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
};

export function t(key, values = {}) {
  const text = (language === "zh" ? ZH : EN)[key] ?? key;
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (_, name, one, several) => {
    if (one === undefined) return values[name] ?? "";
    return values[name] === 1 ? one : several;
  });
}

// The reason of an edit in the reader's language.
export const reason = (why) => why.split(" + ").map((one) => (language === "zh" && REASONS[one]) || one).join(language === "zh" ? "、" : " + ");

export const number = (value) => new Intl.NumberFormat(language).format(value);

// `key` as the text of `node`, now and after the language is switched.
export function say(node, key, values = {}) {
  node.dataset.t = key;
  node.dataset.tValues = JSON.stringify(values);
  node.textContent = t(key, values);
  return node;
}

export function label(node, key, values = {}) {
  node.dataset.tLabel = key;
  node.dataset.tValues = JSON.stringify(values);
  node.setAttribute("aria-label", t(key, values));
  if (node.matches("button.icon")) node.title = t(key, values);
  return node;
}

function speak() {
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  const values = (node) => JSON.parse(node.dataset.tValues || "{}");
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t, values(node));
  for (const node of document.querySelectorAll("[data-t-label]")) label(node, node.dataset.tLabel, values(node));
  for (const node of document.querySelectorAll("[data-t-placeholder]")) node.placeholder = t(node.dataset.tPlaceholder);
  document.dispatchEvent(new Event("language"));
}

// Take the browser's language, and let `button` switch it.
export function speakWith(button) {
  const show = () => {
    speak();
    button.textContent = t("language");
    button.lang = language === "zh" ? "en" : "zh-Hans";
    button.title = t("language-label");
  };
  language = preferred();
  show();
  button.addEventListener("click", () => {
    language = language === "zh" ? "en" : "zh";
    localStorage.setItem("rag-language", language);
    show();
  });
}
