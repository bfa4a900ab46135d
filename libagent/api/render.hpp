#pragma once

#include "libagent/session/ask.hpp"
#include "libagent/supervision/tree.hpp"
#include "libagent/tasks/task.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace libagent {

/// How values look on a terminal. `color` adds ANSI escapes and nothing else, so that piped output
/// carries the same words.
struct text_style {
  bool color = false;
};

/// Citations as numbered `file:line` lines.
[[nodiscard]] std::string render_citations(const std::vector<citation>& citations,
                                           text_style style);

/// The answer, then its citations as numbered `file:line` lines.
[[nodiscard]] std::string render_answer(const agent_answer& answer, text_style style);

/// The tree with one child a line: name, state, restarts and the last failure.
[[nodiscard]] std::string render_tree(const supervision_node& root, text_style style);

/// One line of at most `columns` bytes: bar, percent and message.
[[nodiscard]] std::string render_progress(const task_progress& progress, std::size_t columns);

}  // namespace libagent
