#include "libagent/adapters/sqlite_document_index.hpp"

#include "libagent/adapters/document_database.hpp"
#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/contract.hpp"

#include <algorithm>
#include <initializer_list>
#include <mutex>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>

namespace libagent {

namespace {

// bm25() costs some microseconds for each passage that matches. When the terms of a question
// together are in more than this many, only the rarest choose passages.
constexpr std::uint64_t postings_max = 5'000;
// And when even the rarest is in more than this many, those past it are not looked at.
constexpr std::int64_t ranked_max = 10'000;
constexpr std::size_t frequencies_max = 4'096;  // remembered

std::string quoted_term(const question_term& term) {
  std::string quoted = "\"";
  for (const auto c : term.stem) {
    quoted.push_back(c);
    if (c == '"')
      quoted.push_back(c);
  }
  return quoted + (term.prefix ? "\"*" : "\"");
}

/// The first text after all texts that begin with `prefix`.
std::string after_prefix(std::string prefix) {
  // UTF-8 never has the byte 0xFF, so it sorts behind whatever follows the prefix.
  prefix.push_back('\xFF');
  return prefix;
}

/// One connection with its prepared statements.
class index_connection {
public:
  static expected<std::unique_ptr<index_connection>> open(const std::filesystem::path& file,
                                                          const std::filesystem::path& folder) {
    auto database = open_document_database_to_read(file, folder);
    if (!database)
      return std::move(database.error());
    std::unique_ptr<index_connection> opened{new index_connection{std::move(*database)}};
    if (auto prepared = opened->prepare_all(); !prepared)
      return prepared.error();
    return opened;
  }

  expected<document_hits> search(std::span<const question_term> terms, std::size_t passages_max) {
    // One transaction, so that all statements see the same commit.
    if (auto begun = database_.execute("BEGIN"); !begun)
      return begun.error();
    auto hits = search_in_transaction(terms, passages_max);
    if (auto ended = database_.execute("COMMIT"); !ended)
      return ended.error();
    return hits;
  }

  expected<document_index_summary> summary() {
    auto documents =
        database_.query_integer("SELECT count(*) FROM documents WHERE passage_count > 0");
    if (!documents)
      return std::move(documents.error());
    auto passages = count_passages();
    if (!passages)
      return std::move(passages.error());
    return document_index_summary{static_cast<std::uint64_t>(*documents), *passages};
  }

private:
  explicit index_connection(sqlite_database database) : database_{std::move(database)} {}

  expected<void> prepare_all() {
    if (auto done = database_.execute(
            "CREATE VIRTUAL TABLE temp.frequencies USING fts5vocab(main, terms, row)");
        !done)
      return done;
    const std::initializer_list<std::pair<sqlite_statement*, std::string_view>> wanted{
        {&version_, "PRAGMA data_version"},
        {&count_passages_, "SELECT total(passage_count) FROM documents"},
        {&frequency_, "SELECT doc FROM temp.frequencies WHERE term = ?1"},
        {&prefix_frequency_,
         "SELECT total(doc) FROM temp.frequencies WHERE term >= ?1 AND term < ?2"},
        {&match_,
         "SELECT rowid, relevance FROM (SELECT rowid, -bm25(terms, 1.5, 1.0) AS relevance "
         "FROM terms WHERE terms MATCH ?1 LIMIT ?3) ORDER BY relevance DESC LIMIT ?2"},
        {&read_passage_,
         "SELECT d.file, p.line_first, p.kind, p.headings, p.body FROM passages p "
         "JOIN documents d ON d.id = p.document WHERE p.id = ?1"},
    };
    for (const auto& [statement, sql] : wanted) {
      auto prepared = database_.prepare(sql);
      if (!prepared)
        return std::move(prepared.error());
      *statement = std::move(*prepared);
    }
    return {};
  }

  expected<document_hits> search_in_transaction(std::span<const question_term> terms,
                                                std::size_t passages_max) {
    document_hits hits;
    if (auto done = forget_after_change(); !done)
      return done.error();
    hits.statistics.passages = passages_;
    for (const auto& term : terms) {
      auto with = frequency_of(term);
      if (!with)
        return std::move(with.error());
      hits.statistics.passages_with.push_back(*with);
    }
    const auto query = match_query(terms, hits.statistics.passages_with);
    if (query.empty())
      return hits;
    if (auto done = collect(query, passages_max, hits.passages); !done)
      return done.error();
    return hits;
  }

  /// Frequencies are remembered until another connection commits.
  expected<void> forget_after_change() {
    auto row = version_.step();
    if (!row)
      return std::move(row.error());
    const auto version = version_.integer(0);
    version_.reset();
    if (std::exchange(known_version_, version) == version)
      return {};
    frequencies_.clear();
    auto counted = count_passages();
    if (!counted)
      return std::move(counted.error());
    passages_ = *counted;
    return {};
  }

  expected<std::uint64_t> count_passages() {
    auto row = count_passages_.step();
    if (!row)
      return std::move(row.error());
    const auto count = static_cast<std::uint64_t>(count_passages_.real(0));
    count_passages_.reset();
    return count;
  }

  expected<std::uint64_t> frequency_of(const question_term& term) {
    const auto key = quoted_term(term);
    if (const auto known = frequencies_.find(key); known != frequencies_.end())
      return known->second;
    const auto after = after_prefix(term.stem);
    auto& statement = term.prefix ? prefix_frequency_ : frequency_;
    statement.bind(1, term.stem);
    if (term.prefix)
      statement.bind(2, after);
    auto row = statement.step();
    if (!row)
      return std::move(row.error());
    const auto with = *row ? static_cast<std::uint64_t>(statement.real(0)) : 0;
    statement.reset();
    if (frequencies_.size() < frequencies_max)
      frequencies_.emplace(key, with);
    return with;
  }

  /// FTS5's query: any of the terms, but see `postings_max`. Empty when no passage has any.
  static std::string match_query(std::span<const question_term> terms,
                                 const std::vector<std::uint64_t>& passages_with) {
    std::vector<std::size_t> rarest_first(terms.size());
    std::iota(rarest_first.begin(), rarest_first.end(), std::size_t{0});
    std::ranges::stable_sort(rarest_first, {}, [&](std::size_t i) { return passages_with[i]; });
    std::string choosing;
    std::string common;
    std::uint64_t postings = 0;
    for (const auto i : rarest_first) {
      if (passages_with[i] == 0)
        continue;
      postings += passages_with[i];
      auto& list = choosing.empty() || postings <= postings_max ? choosing : common;
      list += (list.empty() ? "" : " OR ") + quoted_term(terms[i]);
    }
    if (common.empty())
      return choosing;
    // The common terms still count for the order of what the rare ones choose.
    return '(' + choosing + ") AND (" + choosing + " OR " + common + ')';
  }

  expected<void> collect(const std::string& query, std::size_t passages_max,
                         std::vector<retrieved_passage>& out) {
    match_.bind(1, query);
    match_.bind(2, static_cast<std::int64_t>(passages_max));
    match_.bind(3, ranked_max);
    while (true) {
      auto row = match_.step();
      if (!row)
        return std::move(row.error());
      if (!*row)
        return {};
      auto read = read_passage(match_.integer(0), match_.real(1));
      if (!read)
        return std::move(read.error());
      out.push_back(std::move(*read));
    }
  }

  expected<retrieved_passage> read_passage(std::int64_t id, double relevance) {
    auto& statement = read_passage_;
    statement.bind(1, id);
    auto row = statement.step();
    if (!row)
      return std::move(row.error());
    if (!*row)
      return error{errc::corrupt, "read passage " + std::to_string(id) + ": it is missing"};
    retrieved_passage read{std::string{statement.text(0)},
                           {std::string{statement.text(3)}, std::string{statement.text(4)},
                            static_cast<std::uint32_t>(statement.integer(1)),
                            static_cast<text_kind>(statement.integer(2))},
                           relevance};
    statement.reset();
    return read;
  }

  sqlite_database database_;  // destroyed last: the statements belong to it
  sqlite_statement version_;
  sqlite_statement count_passages_;
  sqlite_statement frequency_;
  sqlite_statement prefix_frequency_;
  sqlite_statement match_;
  sqlite_statement read_passage_;
  std::int64_t known_version_ = -1;
  std::uint64_t passages_ = 0;
  std::unordered_map<std::string, std::uint64_t> frequencies_;
};

class sqlite_document_index final : public document_index {
public:
  sqlite_document_index(std::filesystem::path file, std::filesystem::path folder,
                        std::unique_ptr<index_connection> first)
      : file_{std::move(file)}, folder_{std::move(folder)} {
    idle_.push_back(std::move(first));
  }

  expected<document_hits> search(std::span<const question_term> terms,
                                 std::size_t passages_max) override {
    auto connection = borrow();
    if (!connection)
      return std::move(connection.error());
    auto hits = (*connection)->search(terms, passages_max);
    if (!hits)
      return with_rebuild_advice(std::move(hits.error()));
    give_back(std::move(*connection));
    return hits;
  }

  expected<document_index_summary> summary() override {
    auto connection = borrow();
    if (!connection)
      return std::move(connection.error());
    auto counted = (*connection)->summary();
    if (!counted)
      return with_rebuild_advice(std::move(counted.error()));
    give_back(std::move(*connection));
    return counted;
  }

private:
  expected<std::unique_ptr<index_connection>> borrow() {
    {
      const std::scoped_lock lock{mutex_};
      if (!idle_.empty()) {
        auto last = std::move(idle_.back());
        idle_.pop_back();
        return last;
      }
    }
    return index_connection::open(file_, folder_);
  }

  void give_back(std::unique_ptr<index_connection> connection) {
    const std::scoped_lock lock{mutex_};
    idle_.push_back(std::move(connection));
  }

  std::filesystem::path file_;
  std::filesystem::path folder_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<index_connection>> idle_;
};

}  // namespace

expected<std::unique_ptr<document_index>> open_sqlite_document_index(
    const std::filesystem::path& file, const std::filesystem::path& folder) {
  auto first = index_connection::open(file, folder);
  if (!first)
    return std::move(first.error());
  return std::unique_ptr<document_index>{
      std::make_unique<sqlite_document_index>(file, folder, std::move(*first))};
}

}  // namespace libagent
