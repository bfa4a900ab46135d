#include "libagent/tools/builtin/answer_question.hpp"

#include "libagent/knowledge/question.hpp"

#include <string>

namespace libagent {

namespace {

// Among these BM25 has the passage that answers, if any has it; more only cost time.
constexpr std::size_t candidates_max = 48;

agent_answer nothing_found(const char* text) {
  return {.text = text, .found = false, .model = "extractive", .citations = {}};
}

}  // namespace

expected<agent_answer> answer_question(document_index& index, std::string_view question,
                                       const answer_options& options) {
  const auto analysis = analyse_question(question);
  if (analysis.terms.empty())
    return nothing_found("The question names nothing to look for.");
  const auto hits = index.search(analysis.terms, candidates_max);
  if (!hits)
    return hits.error();
  const auto selected = select_answer(analysis, hits->statistics, hits->passages, options);
  if (!selected.found)
    return nothing_found("Nothing in the documents answers this.");
  agent_answer answer{.text = {}, .found = true, .model = "extractive", .citations = {}};
  for (const auto& quote : selected.quotes) {
    answer.citations.push_back({quote.file, quote.line_first, quote.line_last, quote.text});
    if (!answer.text.empty())
      answer.text += '\n';
    answer.text += quote.text + " [" + std::to_string(answer.citations.size()) + ']';
  }
  return answer;
}

}  // namespace libagent
