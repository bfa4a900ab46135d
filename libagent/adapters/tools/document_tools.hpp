#pragma once

#include "libagent/adapters/document_library.hpp"
#include "libagent/base/expected.hpp"
#include "libagent/ports/tool.hpp"
#include "libagent/record/field.hpp"
#include "libagent/session/ask.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace libagent {

struct search_documents_input {
  std::string query;
  std::uint32_t limit = 10;
  std::string folder;
};

template <class Inspector>
bool inspect(Inspector& f, search_documents_input& x) {
  return record(
      f, x, "search_documents_input", field("query", "What to look for.", x.query).max_size(16'384),
      field("limit", "At most so many passages.", x.limit).range(1, 100).fallback(10),
      field("folder", "A folder within the documents' folder; default: all of it.", x.folder)
          .max_size(4'096)
          .fallback(std::string{}));
}

struct found_passage {
  std::string file;
  std::uint32_t line_first = 0;
  std::string headings;
  std::string text;
  double relevance = 0;
};

template <class Inspector>
bool inspect(Inspector& f, found_passage& x) {
  return record(f, x, "found_passage", field("file", "Path within the folder.", x.file),
                field("line_first", "Where it begins, counted from 1.", x.line_first),
                field("headings", "The headings above it.", x.headings),
                field("text", "Its lines.", x.text),
                field("relevance", "BM25; greater is better.", x.relevance));
}

struct search_documents_output {
  std::vector<found_passage> passages;
};

template <class Inspector>
bool inspect(Inspector& f, search_documents_output& x) {
  return record(f, x, "search_documents_output", field("passages", "Best first.", x.passages));
}

struct answer_from_documents_input {
  std::string question;
  std::string folder;
};

template <class Inspector>
bool inspect(Inspector& f, answer_from_documents_input& x) {
  return record(
      f, x, "answer_from_documents_input",
      field("question", "In English, Chinese or another language.", x.question).max_size(16'384),
      field("folder", "A folder within the documents' folder; default: all of it.", x.folder)
          .max_size(4'096)
          .fallback(std::string{}));
}

struct index_folder_input {
  std::string folder;
  bool rebuild = false;
};

template <class Inspector>
bool inspect(Inspector& f, index_folder_input& x) {
  return record(
      f, x, "index_folder_input",
      field("folder", "A folder within the documents' folder; default: all of it.", x.folder)
          .max_size(4'096)
          .fallback(std::string{}),
      field("rebuild", "Make the index anew, for one that is damaged.", x.rebuild).fallback(false));
}

struct index_folder_output {
  std::string folder;
  std::uint64_t files_seen = 0;
  std::uint64_t files_indexed = 0;
  std::uint64_t files_unchanged = 0;
  std::uint64_t files_removed = 0;
  std::uint64_t files_not_text = 0;
  std::uint64_t files_too_large = 0;
  std::uint64_t files_unreadable = 0;
  std::uint64_t bytes_read = 0;
  std::vector<std::string> unreadable;
};

template <class Inspector>
bool inspect(Inspector& f, index_folder_output& x) {
  return record(
      f, x, "index_folder_output", field("folder", "What was indexed.", x.folder),
      field("files_seen", "Files whose name promises text.", x.files_seen),
      field("files_indexed", "New or changed ones.", x.files_indexed),
      field("files_unchanged", "Ones that the index had already.", x.files_unchanged),
      field("files_removed", "Ones that are gone.", x.files_removed),
      field("files_not_text", "New or changed ones that hold no text.", x.files_not_text),
      field("files_too_large", "New or changed ones past the size limit.", x.files_too_large),
      field("files_unreadable", "Files and directories that could not be read.",
            x.files_unreadable),
      field("bytes_read", "Bytes of the files indexed.", x.bytes_read),
      field("unreadable", "The first unreadable ones, with the reason.", x.unreadable));
}

struct summarize_input {
  std::string text;
  std::string file;
  std::uint32_t sentences = 5;
};

template <class Inspector>
bool inspect(Inspector& f, summarize_input& x) {
  return record(
      f, x, "summarize_input",
      field("text", "The text; or give a file.", x.text)
          .max_size(std::size_t{1} << 20U)
          .fallback(std::string{}),
      field("file", "A file within the documents' folder.", x.file)
          .max_size(4'096)
          .fallback(std::string{}),
      field("sentences", "How long the summary may be.", x.sentences).range(1, 50).fallback(5));
}

struct summarize_output {
  std::string summary;
  std::vector<citation> sentences;
  std::uint64_t sentences_read = 0;
};

template <class Inspector>
bool inspect(Inspector& f, summarize_output& x) {
  return record(f, x, "summarize_output",
                field("summary", "Sentences of the text, one a line.", x.summary),
                field("sentences", "The same, each with its lines.", x.sentences),
                field("sentences_read", "How many the text has.", x.sentences_read));
}

/// The functions behind the tools, which `add_builtin_tools` registers. All of them block.
[[nodiscard]] expected<search_documents_output> search_documents(document_library& library,
                                                                 const search_documents_input& in);
[[nodiscard]] expected<agent_answer> answer_from_documents(document_library& library,
                                                           const answer_from_documents_input& in);
[[nodiscard]] expected<index_folder_output> index_documents(document_library& library,
                                                            std::uint64_t file_bytes_max,
                                                            const index_folder_input& in,
                                                            const tool_context& context);
[[nodiscard]] expected<summarize_output> summarize_document(document_library& library,
                                                            std::uint64_t file_bytes_max,
                                                            const summarize_input& in,
                                                            const tool_context& context);

}  // namespace libagent
