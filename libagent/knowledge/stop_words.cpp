#include "libagent/knowledge/stop_words.hpp"

#include <algorithm>
#include <array>

namespace libagent {

namespace {

// Both sorted.
constexpr std::array<std::string_view, 60> function_words{
    "a",    "about", "all",  "also", "an",    "and",   "any",  "are",   "as",    "at",
    "be",   "been",  "but",  "by",   "can",   "for",   "from", "had",   "has",   "have",
    "he",   "her",   "his",  "i",    "if",    "in",    "into", "is",    "it",    "its",
    "may",  "not",   "of",   "on",   "or",    "other", "our",  "she",   "so",    "some",
    "such", "than",  "that", "the",  "their", "them",  "then", "there", "these", "they",
    "this", "to",    "was",  "we",   "were",  "which", "will", "with",  "you",   "your"};

constexpr std::array<std::string_view, 70> question_words{
    "am",    "called", "could",    "describe", "did",     "do",    "does",   "doesnt",  "doing",
    "done",  "dont",   "each",     "ever",     "explain", "find",  "get",    "give",    "go",
    "goes",  "happen", "happened", "happens",  "hello",   "hi",    "how",    "id",      "im",
    "isnt",  "kind",   "know",     "let",      "like",    "many",  "me",     "mean",    "means",
    "much",  "must",   "my",       "need",     "often",   "out",   "please", "shall",   "should",
    "show",  "tell",   "thing",    "things",   "up",      "us",    "use",    "used",    "uses",
    "using", "want",   "went",     "what",     "whats",   "when",  "where",  "whether", "who",
    "whom",  "whose",  "why",      "work",     "works",   "would", "wouldnt"};

static_assert(std::ranges::is_sorted(function_words));
static_assert(std::ranges::is_sorted(question_words));

// A word stands before every shorter one that begins it.
constexpr std::array<std::string_view, 65> chinese_stops{
    "为什么", "是什么",   "做什么", "干什么",   "有什么", "什么样", "什么时候", "什么", "怎么样",
    "怎么办", "怎么",     "怎样",   "如何",     "哪一个", "哪些",   "哪个",     "哪里", "哪儿",
    "哪种",   "哪",       "多少",   "几个",     "多久",   "多大",   "是否",     "能否", "可否",
    "是不是", "有没有",   "能不能", "可不可以", "请问",   "请",     "告诉我",   "告诉", "介绍一下",
    "介绍",   "解释一下", "解释",   "说明一下", "一下",   "一次",   "我们",     "你们", "他们",
    "它们",   "我",       "你",     "您",       "它",     "谁",     "可以",     "这个", "那个",
    "这",     "那",       "的",     "了",       "吗",     "呢",     "吧",       "啊",   "是",
    "在",     "和"};

constexpr std::array<std::string_view, 22> chinese_kept{
    "目的", "的确", "了解", "为了", "存在", "现在", "正在", "在线", "内在", "潜在", "在职",
    "和平", "和谐", "总和", "是非", "还是", "但是", "于是", "请求", "申请", "邀请", "自我"};

template <std::size_t N>
std::size_t longest_start(const std::array<std::string_view, N>& words, std::string_view text) {
  std::size_t longest = 0;
  for (const auto word : words) {
    if (word.size() > longest && text.starts_with(word))
      longest = word.size();
  }
  return longest;
}

}  // namespace

bool is_function_word(std::string_view word) {
  return word.size() <= 5 && std::ranges::binary_search(function_words, word);
}

bool is_question_word(std::string_view word) {
  return is_function_word(word) || std::ranges::binary_search(question_words, word);
}

std::size_t chinese_stop_length(std::string_view text) {
  return longest_start(chinese_stops, text);
}

std::size_t chinese_kept_length(std::string_view text) {
  return longest_start(chinese_kept, text);
}

}  // namespace libagent
