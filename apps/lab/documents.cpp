#include "apps/lab/documents.hpp"

#include "libagent/adapters/document_database.hpp"
#include "libagent/adapters/folder_indexer.hpp"
#include "libagent/adapters/sqlite_document_index.hpp"
#include "libagent/base/random.hpp"
#include "libagent/tools/builtin/answer_question.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>
#include <vector>

namespace libagent::lab {

namespace {

using fractional_ms = std::chrono::duration<double, std::milli>;

/// Questions of three to five words that stand near each other in the documents, so that they
/// have answers; drawn by seed.
class question_maker {
public:
  question_maker(const std::filesystem::path& folder, std::uint64_t seed) : random_{seed} {
    std::error_code ignored;
    for (std::filesystem::recursive_directory_iterator
             entry{folder, std::filesystem::directory_options::skip_permission_denied, ignored},
         end;
         entry != end; entry.increment(ignored)) {
      if (entry->is_regular_file(ignored) && entry->path().filename() == "copyright")
        files_.push_back(entry->path());
    }
  }

  [[nodiscard]] bool can_ask() const { return !files_.empty(); }

  [[nodiscard]] std::string next() {
    std::vector<std::string> words;
    while (words.size() < 5) {
      std::ifstream in{files_[random_() % files_.size()]};
      words.clear();
      for (std::string word; in >> word && words.size() < 400;) {
        if (word.size() > 4)
          words.push_back(word);
      }
    }
    const auto first = random_() % (words.size() - 4);
    std::string question = "What is said of";
    for (std::size_t i = first; i < first + 3 + random_() % 3 && i < words.size(); ++i)
      question += " " + words[i];
    return question + "?";
  }

private:
  seeded_random random_;
  std::vector<std::filesystem::path> files_;
};

double grep_seconds(const std::string& folder) {
  const auto begin = std::chrono::steady_clock::now();
  // A pattern that matches nowhere, so that every file is read to its end.
  const auto command = "grep -r -F 'qzxjvkw-not-there' '" + folder + "' >/dev/null 2>&1";
  (void)std::system(command.c_str());  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Bytes that grep read: all regular files.
std::uint64_t tree_bytes(const std::filesystem::path& folder, std::uint64_t& files) {
  std::uint64_t bytes = 0;
  std::error_code ignored;
  for (std::filesystem::recursive_directory_iterator
           entry{folder, std::filesystem::directory_options::skip_permission_denied, ignored},
       end;
       entry != end; entry.increment(ignored)) {
    if (!entry->is_regular_file(ignored) || entry->is_symlink(ignored))
      continue;
    bytes += entry->file_size(ignored);
    ++files;
  }
  return bytes;
}

struct index_run {
  folder_index_report report;
  double seconds = 0;
};

expected<index_run> index_once(const std::filesystem::path& folder,
                               const std::filesystem::path& data) {
  const auto begin = std::chrono::steady_clock::now();
  auto done = index_folder(folder, data, {}, {}, [](const folder_index_progress&) {});
  if (!done)
    return done.error();
  return index_run{*std::move(done),
                   std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count()};
}

expected<void> measure_indexing(report& into, const std::filesystem::path& folder,
                                const std::filesystem::path& data) {
  announce("reading the tree with grep -r, once to warm the page cache");
  std::uint64_t files = 0;
  const auto bytes = static_cast<double>(tree_bytes(folder, files));
  (void)grep_seconds(folder.string());
  const auto grep = grep_seconds(folder.string());
  announce("indexing from nothing");
  const auto first = index_once(folder, data);
  if (!first)
    return first.error();
  announce("indexing again, with nothing changed");
  const auto second = index_once(folder, data);
  if (!second)
    return second.error();
  const auto read = static_cast<double>(first->report.bytes_read);
  const auto index_speed = read / 1e6 / first->seconds;
  const auto grep_speed = bytes / 1e6 / grep;
  into.add_row("indexing, page cache warm", {{"what", "grep -r"},
                                             {"files", files},
                                             {"MB", bytes / 1e6},
                                             {"s", grep},
                                             {"MB/s", grep_speed}});
  into.add_row("indexing, page cache warm", {{"what", "index from nothing"},
                                             {"files", first->report.files_indexed},
                                             {"MB", read / 1e6},
                                             {"s", first->seconds},
                                             {"MB/s", index_speed}});
  into.add_row("indexing, page cache warm",
               {{"what", "index, nothing changed"},
                {"files", second->report.files_unchanged},
                {"MB", static_cast<double>(second->report.bytes_read) / 1e6},
                {"s", second->seconds},
                {"MB/s", nullptr}});
  into.add_note(
      fmt::format("Indexing reads text only, {:.1f} of the {:.1f} MB that grep reads, at {:.3f} of "
                  "grep's MB/s.",
                  read / 1e6, bytes / 1e6, index_speed / grep_speed));
  into.add_aim("files in the folder", aim_is::at_least, 10'000, static_cast<double>(files),
               "files");
  return {};
}

expected<void> measure_questions(report& into, const lab_options& options,
                                 const std::filesystem::path& folder,
                                 const std::filesystem::path& data) {
  announce("asking");
  question_maker maker{folder, options.seed};
  auto index = open_sqlite_document_index(document_database_path(data, folder), folder);
  if (!index)
    return index.error();
  if (!maker.can_ask())
    return error{errc::not_found, "make questions: no file called copyright in the folder"};
  const std::size_t questions = options.quick ? 100 : 2'000;
  std::vector<double> latencies_ms;
  std::size_t found = 0;
  for (std::size_t i = 0; i < questions; ++i) {
    const auto question = maker.next();
    const auto begin = std::chrono::steady_clock::now();
    const auto answer = answer_question(**index, question);
    latencies_ms.push_back(fractional_ms{std::chrono::steady_clock::now() - begin}.count());
    if (!answer)
      return answer.error();
    found += answer->found ? 1U : 0U;
  }
  const auto latency = quantiles_of(latencies_ms);
  into.add_row("questions, one after the other", {{"questions", questions},
                                                  {"answered", found},
                                                  {"p50 ms", latency.p50},
                                                  {"p99 ms", latency.p99},
                                                  {"p99.9 ms", latency.p999},
                                                  {"max ms", latency.max}});
  return {};
}

}  // namespace

int run_documents(const lab_options& options, const documents_options& documents) {
  report result{"documents"};
  result.set_config("folder", documents.folder);
  result.set_config("quick", options.quick);
  result.set_config("seed", options.seed);
  const auto folder = std::filesystem::weakly_canonical(documents.folder);
  const auto data =
      std::filesystem::temp_directory_path() / fmt::format("agent-lab-documents-{}", getpid());
  std::filesystem::create_directories(data);
  auto done = measure_indexing(result, folder, data);
  if (done)
    done = measure_questions(result, options, folder, data);
  std::filesystem::remove_all(data);
  if (!done) {
    std::fprintf(stderr, "agent-lab: %s\n", to_string(done.error()).c_str());
    return 2;
  }
  return result.finish(options);
}

}  // namespace libagent::lab
