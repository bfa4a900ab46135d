#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/knowledge/answer.hpp"
#include "libagent/knowledge/passages.hpp"
#include "libagent/knowledge/question.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace libagent {

/// What retrieval gives: passages, best first, and how rare the terms are.
struct document_hits {
  std::vector<retrieved_passage> passages;
  term_statistics statistics;
};

/// How much an index holds.
struct document_index_summary {
  std::uint64_t documents = 0;
  std::uint64_t passages = 0;
};

/// The indexed documents of one folder, for questions.
///
/// Blocking: reads files. Thread safety: any thread, concurrently, also while a writer writes;
/// a search sees the state of the writer's last commit. Errors: `errc::corrupt` when the index
/// must be rebuilt, `errc::io_failed` otherwise.
class document_index {
public:
  document_index() = default;
  document_index(const document_index&) = delete;
  document_index& operator=(const document_index&) = delete;
  document_index(document_index&&) = delete;
  document_index& operator=(document_index&&) = delete;
  virtual ~document_index() = default;

  /// At most `passages_max` passages that hold at least one of the terms. A term that nearly
  /// every passage holds may be left out of the search, never out of the statistics.
  [[nodiscard]] virtual expected<document_hits> search(std::span<const question_term> terms,
                                                       std::size_t passages_max) = 0;

  [[nodiscard]] virtual expected<document_index_summary> summary() = 0;
};

/// How a file looked when it was indexed; a difference means that it must be read again.
struct document_stamp {
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;  ///< Since the Unix epoch, as the file system says.
  std::uint64_t content_hash = 0;

  friend bool operator==(const document_stamp&, const document_stamp&) = default;
};

/// A file that an index knows. One without text (binary, too large) is known too, so that it is
/// not read again, and has no passages.
struct known_document {
  std::string file;  ///< Relative to the folder, with `/`.
  document_stamp stamp;
};

/// Changes the index of one folder. Nothing is visible or durable before `commit`; a process that
/// dies leaves the state of the last one.
///
/// Blocking: writes files. Thread safety: none; there is one writer at a time.
class document_index_writer {
public:
  document_index_writer() = default;
  document_index_writer(const document_index_writer&) = delete;
  document_index_writer& operator=(const document_index_writer&) = delete;
  document_index_writer(document_index_writer&&) = delete;
  document_index_writer& operator=(document_index_writer&&) = delete;
  virtual ~document_index_writer() = default;

  [[nodiscard]] virtual expected<std::vector<known_document>> documents() = 0;
  /// Adds a file or replaces all that is known of it.
  virtual expected<void> put(const known_document& document, std::span<const passage> passages) = 0;
  /// Keeps the passages of a file whose content is the same under a new stamp.
  virtual expected<void> restamp(const known_document& document) = 0;
  virtual expected<void> remove(const std::string& file) = 0;
  virtual expected<void> commit() = 0;
};

}  // namespace libagent
