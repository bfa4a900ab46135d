#include "libagent/adapters/folder_indexer.hpp"

#include "libagent/adapters/document_database.hpp"
#include "libagent/adapters/file_lock.hpp"
#include "libagent/adapters/folder_walk.hpp"
#include "libagent/adapters/sqlite_document_writer.hpp"
#include "libagent/knowledge/content_hash.hpp"
#include "libagent/knowledge/html_text.hpp"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

namespace libagent {

namespace {

constexpr std::uint64_t waiting_bytes_max = 8ULL << 20U;
constexpr std::size_t unreadable_examples_max = 8;

struct planned_file {
  found_file found;
  std::optional<document_stamp> known;  ///< What the index holds of it.
};

enum class read_outcome : std::uint8_t { text, unchanged, not_text, too_large, unreadable };

/// A file that was read, ready for the index.
struct prepared_file {
  known_document document;
  read_outcome outcome = read_outcome::text;
  std::vector<passage> passages;
  std::string reason;  ///< Of an unreadable file.
  std::uint64_t bytes = 0;
};

prepared_file prepare_file(const std::filesystem::path& folder, const planned_file& planned,
                           std::uint64_t bytes_max) {
  const auto& found = planned.found;
  prepared_file prepared;
  prepared.document = {found.file, {found.size_bytes, found.modified_ns, 0}};
  prepared.bytes = found.size_bytes;
  auto content = read_listed_file(folder / found.file, bytes_max);
  if (!content) {
    const auto large = content.error().code == errc::too_large;
    prepared.outcome = large ? read_outcome::too_large : read_outcome::unreadable;
    prepared.reason = content.error().context;
    return prepared;
  }
  if (!content->is_text) {
    prepared.outcome = read_outcome::not_text;
    return prepared;
  }
  const auto hash = content_hash(content->bytes);
  prepared.document.stamp.content_hash = hash;
  if (planned.known && planned.known->content_hash == hash) {
    prepared.outcome = read_outcome::unchanged;
    return prepared;
  }
  prepared.passages = found.kind == text_kind::html
                          ? make_passages(html_to_text(content->bytes), found.kind)
                          : make_passages(content->bytes, found.kind);
  return prepared;
}

/// Reads planned files in order on a thread of its own, a bounded number of bytes ahead of its
/// user: reading and cutting take one core, writing the index the other.
class file_reader {
public:
  file_reader(std::filesystem::path folder, std::vector<planned_file> plan, std::uint64_t bytes_max)
      : folder_{std::move(folder)},
        plan_{std::move(plan)},
        bytes_max_{bytes_max},
        thread_{[this](const std::stop_token& stop) { run(stop); }} {}

  /// The next file; empty when all are read.
  std::optional<prepared_file> next() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return !ready_.empty() || finished_; });
    if (ready_.empty())
      return std::nullopt;
    auto first = std::move(ready_.front());
    ready_.pop_front();
    waiting_bytes_ -= first.bytes;
    lock.unlock();
    changed_.notify_all();
    return first;
  }

private:
  void run(const std::stop_token& stop) {
    for (const auto& planned : plan_) {
      auto prepared = prepare_file(folder_, planned, bytes_max_);
      std::unique_lock lock{mutex_};
      changed_.wait(lock, stop, [this] { return waiting_bytes_ < waiting_bytes_max; });
      if (stop.stop_requested())
        break;
      waiting_bytes_ += prepared.bytes;
      ready_.push_back(std::move(prepared));
      lock.unlock();
      changed_.notify_all();
    }
    const std::scoped_lock lock{mutex_};
    finished_ = true;
    changed_.notify_all();
  }

  std::filesystem::path folder_;
  std::vector<planned_file> plan_;
  std::uint64_t bytes_max_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<prepared_file> ready_;
  std::uint64_t waiting_bytes_ = 0;
  bool finished_ = false;
  std::jthread thread_;  // last: it uses all the others
};

/// One run over one folder.
class indexing_run {
public:
  indexing_run(document_index_writer& writer, const folder_index_options& options,
               const std::stop_token& stop,
               const std::function<void(const folder_index_progress&)>& progress)
      : writer_{writer}, options_{options}, stop_{stop}, report_progress_{progress} {}

  expected<folder_index_report> run(const std::filesystem::path& folder) {
    auto listing = list_folder(folder, options_.files_max, stop_);
    if (!listing)
      return std::move(listing.error());
    for (auto& directory : listing->unreadable)
      note_unreadable(std::move(directory));
    auto plan = make_plan(std::move(listing->files));
    if (!plan)
      return std::move(plan.error());
    if (auto done = read_all(folder, std::move(*plan)); !done)
      return done.error();
    if (stop_.stop_requested()) {
      return error{errc::cancelled, "index " + folder.string() + ": cancelled after " +
                                        std::to_string(progress_.files_done) + " of " +
                                        std::to_string(progress_.files_total) + " files"};
    }
    return report_;
  }

private:
  /// What must be read, after what is gone was removed.
  expected<std::vector<planned_file>> make_plan(std::vector<found_file> found) {
    auto listed = writer_.documents();
    if (!listed)
      return std::move(listed.error());
    std::unordered_map<std::string, document_stamp> known;
    for (auto& document : *listed)
      known.emplace(std::move(document.file), document.stamp);
    std::vector<planned_file> plan;
    report_.files_seen = found.size();
    for (auto& file : found) {
      const auto entry = known.extract(file.file);
      if (!entry.empty() && entry.mapped().size_bytes == file.size_bytes &&
          entry.mapped().modified_ns == file.modified_ns) {
        ++report_.files_unchanged;
        continue;
      }
      ++progress_.files_total;
      progress_.bytes_total += file.size_bytes;
      plan.push_back(
          {std::move(file), entry.empty() ? std::nullopt : std::optional{entry.mapped()}});
    }
    for (const auto& [file, stamp] : known) {
      if (auto done = writer_.remove(file); !done)
        return done.error();
      ++report_.files_removed;
    }
    return plan;
  }

  expected<void> read_all(const std::filesystem::path& folder, std::vector<planned_file> plan) {
    file_reader reader{folder, std::move(plan), options_.file_bytes_max};
    std::uint64_t uncommitted = 0;
    while (!stop_.stop_requested()) {
      auto prepared = reader.next();
      if (!prepared)
        break;
      if (auto done = write(*prepared); !done)
        return done;
      uncommitted += prepared->bytes;
      if (uncommitted >= options_.commit_bytes) {
        if (auto done = writer_.commit(); !done)
          return done;
        uncommitted = 0;
      }
      ++progress_.files_done;
      progress_.bytes_done += prepared->bytes;
      report_progress_(progress_);
    }
    return writer_.commit();
  }

  expected<void> write(prepared_file& file) {
    switch (file.outcome) {
      case read_outcome::unchanged:
        ++report_.files_unchanged;
        return writer_.restamp(file.document);
      case read_outcome::unreadable:
        note_unreadable(std::move(file.reason));
        return writer_.remove(file.document.file);
      case read_outcome::text:
        ++report_.files_indexed;
        report_.bytes_read += file.bytes;
        break;
      case read_outcome::not_text: ++report_.files_not_text; break;
      case read_outcome::too_large: ++report_.files_too_large; break;
    }
    return writer_.put(file.document, file.passages);
  }

  void note_unreadable(std::string reason) {
    ++report_.files_unreadable;
    if (report_.unreadable.size() < unreadable_examples_max)
      report_.unreadable.push_back(std::move(reason));
  }

  document_index_writer& writer_;
  const folder_index_options& options_;
  const std::stop_token& stop_;
  const std::function<void(const folder_index_progress&)>& report_progress_;
  folder_index_report report_;
  folder_index_progress progress_;
};

}  // namespace

expected<folder_index_report> index_folder(
    const std::filesystem::path& folder, const std::filesystem::path& data_dir,
    const folder_index_options& options, const std::stop_token& stop,
    const std::function<void(const folder_index_progress&)>& progress) {
  const auto database = document_database_path(data_dir, folder);
  auto lock = file_lock::take(database.string() + ".lock");
  if (!lock) {
    auto failure = std::move(lock.error());
    failure.context = "index " + folder.string() + ": " + failure.context;
    return failure;
  }
  if (options.rebuild) {
    if (auto deleted = delete_document_database(database); !deleted)
      return deleted.error();
  }
  auto writer = open_sqlite_document_writer(database, folder);
  if (!writer)
    return std::move(writer.error());
  auto report = indexing_run{**writer, options, stop, progress}.run(folder);
  if (!report)
    return with_rebuild_advice(std::move(report.error()));
  return report;
}

}  // namespace libagent
