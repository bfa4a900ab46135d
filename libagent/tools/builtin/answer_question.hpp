#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/knowledge/answer.hpp"
#include "libagent/ports/document_index.hpp"
#include "libagent/session/ask.hpp"

#include <string_view>

namespace libagent {

/// Answers a question with sentences from indexed documents, cited by file and line; see
/// `select_answer`. The answer's `model` is "extractive".
///
/// Blocking: as the index. Thread safety: that of the index. Errors: the index's; a question that
/// nothing answers is no error, but an answer with `found` false.
[[nodiscard]] expected<agent_answer> answer_question(document_index& index,
                                                     std::string_view question,
                                                     const answer_options& options = {});

}  // namespace libagent
