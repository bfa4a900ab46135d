#pragma once

#include <string_view>

namespace libagent {

/// English words that are in nearly every text: articles, prepositions, forms of "be". They are
/// left out of the index and of questions.
/// @pre `word` is folded, not stemmed.
[[nodiscard]] bool is_function_word(std::string_view word);

/// Words that make a text a question or a request but say nothing of its subject: "what", "does",
/// "tell", and every function word.
[[nodiscard]] bool is_question_word(std::string_view word);

/// The length in bytes of a Chinese word at the start of `text` that says nothing of a question's
/// subject ("什么", "怎么", "的", "吗"); 0 when another word begins there.
[[nodiscard]] std::size_t chinese_stop_length(std::string_view text);

/// The length in bytes of a Chinese word at the start of `text` that only looks as if it held a
/// stop word ("目的", "了解"); 0 otherwise.
[[nodiscard]] std::size_t chinese_kept_length(std::string_view text);

}  // namespace libagent
