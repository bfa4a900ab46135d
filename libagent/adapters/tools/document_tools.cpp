#include "libagent/adapters/tools/document_tools.hpp"

#include "libagent/adapters/folder_indexer.hpp"
#include "libagent/adapters/folder_walk.hpp"
#include "libagent/base/text.hpp"
#include "libagent/knowledge/file_selection.hpp"
#include "libagent/knowledge/html_text.hpp"
#include "libagent/knowledge/question.hpp"
#include "libagent/knowledge/summary.hpp"
#include "libagent/tools/builtin/answer_question.hpp"

#include <algorithm>
#include <utility>

namespace libagent {

namespace {

expected<std::shared_ptr<document_index>> open_index(document_library& library,
                                                     const std::string& folder) {
  const auto place = library.resolve(folder);
  if (!place)
    return place.error();
  auto index = library.index_of(*place);
  if (!index && index.error().code == errc::not_found)
    return error{errc::not_found, index.error().context + "; run the tool index_folder first"};
  return index;
}

std::string describe_progress(const folder_index_progress& now) {
  return std::to_string(now.files_done) + " of " + std::to_string(now.files_total) + " files, " +
         std::to_string(now.bytes_done >> 20U) + " of " + std::to_string(now.bytes_total >> 20U) +
         " MiB";
}

double share_done(const folder_index_progress& now) {
  // Bytes tell the time, but a file of none still is one: hence the one more.
  return static_cast<double>(now.bytes_done + 1) / static_cast<double>(now.bytes_total + 1);
}

struct summarized_text {
  std::string text;
  text_kind kind = text_kind::plain;
};

expected<summarized_text> text_to_summarize(const document_library& library,
                                            std::uint64_t file_bytes_max,
                                            const summarize_input& in) {
  if (in.text.empty() == in.file.empty())
    return error{errc::invalid_argument, "summarize: expected either text or file"};
  if (!in.text.empty())
    return summarized_text{in.text, text_kind::plain};
  const auto place = library.resolve(in.file);
  if (!place)
    return place.error();
  const auto kind = kind_of_file_name(place->filename().string()).value_or(text_kind::plain);
  auto content = read_listed_file(*place, file_bytes_max);
  if (!content)
    return content.error();
  if (!content->is_text)
    return error{errc::invalid_argument, "summarize " + in.file + ": it is not text"};
  auto bytes = std::move(content->bytes);
  return summarized_text{kind == text_kind::html ? html_to_text(bytes) : std::move(bytes), kind};
}

}  // namespace

expected<search_documents_output> search_documents(document_library& library,
                                                   const search_documents_input& in) {
  const auto index = open_index(library, in.folder);
  if (!index)
    return index.error();
  const auto hits = (*index)->search(analyse_question(in.query).terms, in.limit);
  if (!hits)
    return hits.error();
  search_documents_output out;
  for (const auto& hit : hits->passages) {
    out.passages.push_back(
        {hit.file, hit.content.line_first, hit.content.headings, hit.content.text, hit.relevance});
  }
  return out;
}

expected<agent_answer> answer_from_documents(document_library& library,
                                             const answer_from_documents_input& in) {
  const auto index = open_index(library, in.folder);
  if (!index)
    return index.error();
  return answer_question(**index, in.question);
}

expected<index_folder_output> index_documents(document_library& library,
                                              std::uint64_t file_bytes_max,
                                              const index_folder_input& in,
                                              const tool_context& context) {
  const auto folder = library.resolve(in.folder);
  if (!folder)
    return folder.error();
  folder_index_options options;
  options.file_bytes_max = file_bytes_max;
  options.rebuild = in.rebuild;
  auto report = index_folder(*folder, library.data_dir(), options, context.stop,
                             [&context](const folder_index_progress& now) {
                               context.progress(share_done(now), describe_progress(now));
                             });
  if (!report)
    return report.error();
  return index_folder_output{folder->string(),        report->files_seen,
                             report->files_indexed,   report->files_unchanged,
                             report->files_removed,   report->files_not_text,
                             report->files_too_large, report->files_unreadable,
                             report->bytes_read,      std::move(report->unreadable)};
}

expected<summarize_output> summarize_document(document_library& library,
                                              std::uint64_t file_bytes_max,
                                              const summarize_input& in,
                                              const tool_context& context) {
  const auto from = text_to_summarize(library, file_bytes_max, in);
  if (!from)
    return from.error();
  const auto summary = summarize_text(
      from->text, from->kind, {.sentences_max = in.sentences}, context.stop,
      [&context](double fraction) { context.progress(fraction, "reading sentences"); });
  if (!summary)
    return summary.error();
  summarize_output out;
  out.sentences_read = summary->sentences_read;
  for (const auto& chosen : summary->sentences) {
    out.summary += (out.summary.empty() ? "" : "\n") + chosen.text;
    out.sentences.push_back({in.file, chosen.line_first, chosen.line_last, chosen.text});
  }
  return out;
}

}  // namespace libagent
