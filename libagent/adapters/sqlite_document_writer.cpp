#include "libagent/adapters/sqlite_document_writer.hpp"

#include "libagent/adapters/document_database.hpp"
#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/contract.hpp"

#include <initializer_list>
#include <utility>

namespace libagent {

namespace {

struct writer_statements {
  sqlite_statement list_documents;
  sqlite_statement find_document;
  sqlite_statement put_document;
  sqlite_statement restamp_document;
  sqlite_statement delete_document;
  sqlite_statement read_passages;
  sqlite_statement put_passage;
  sqlite_statement delete_passages;
  sqlite_statement put_terms;
  sqlite_statement delete_terms;
};

expected<void> prepare_all(sqlite_database& database, writer_statements& all) {
  const std::initializer_list<std::pair<sqlite_statement*, std::string_view>> wanted{
      {&all.list_documents, "SELECT file, size_bytes, modified_ns, content_hash FROM documents"},
      {&all.find_document,
       "SELECT id, passage_first, passage_count FROM documents WHERE file = ?1"},
      {&all.put_document,
       "INSERT INTO documents(file, size_bytes, modified_ns, content_hash, passage_first, "
       "passage_count, id) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
      {&all.restamp_document,
       "UPDATE documents SET size_bytes = ?2, modified_ns = ?3, content_hash = ?4 WHERE file = ?1"},
      {&all.delete_document, "DELETE FROM documents WHERE id = ?1"},
      {&all.read_passages,
       "SELECT id, headings, body FROM passages WHERE id BETWEEN ?1 AND ?2 ORDER BY id"},
      {&all.put_passage, "INSERT INTO passages VALUES(?1, ?2, ?3, ?4, ?5, ?6)"},
      {&all.delete_passages, "DELETE FROM passages WHERE id BETWEEN ?1 AND ?2"},
      {&all.put_terms, "INSERT INTO terms(rowid, headings, body) VALUES(?1, ?2, ?3)"},
      {&all.delete_terms,
       "INSERT INTO terms(terms, rowid, headings, body) VALUES('delete', ?1, ?2, ?3)"},
  };
  for (const auto& [statement, sql] : wanted) {
    auto prepared = database.prepare(sql);
    if (!prepared)
      return std::move(prepared.error());
    *statement = std::move(*prepared);
  }
  return {};
}

void bind_stamp(sqlite_statement& statement, const known_document& document) {
  statement.bind(1, document.file);
  statement.bind(2, static_cast<std::int64_t>(document.stamp.size_bytes));
  statement.bind(3, document.stamp.modified_ns);
  statement.bind(4, static_cast<std::int64_t>(document.stamp.content_hash));
}

class sqlite_document_writer final : public document_index_writer {
public:
  sqlite_document_writer(sqlite_database database, writer_statements statements,
                         std::int64_t next_document, std::int64_t next_passage)
      : database_{std::move(database)},
        statements_{std::move(statements)},
        next_document_{next_document},
        next_passage_{next_passage} {}

  expected<std::vector<known_document>> documents() override {
    std::vector<known_document> known;
    auto& list = statements_.list_documents;
    while (true) {
      auto row = list.step();
      if (!row)
        return std::move(row.error());
      if (!*row)
        return known;
      known.push_back({std::string{list.text(0)},
                       {static_cast<std::uint64_t>(list.integer(1)), list.integer(2),
                        static_cast<std::uint64_t>(list.integer(3))}});
    }
  }

  expected<void> put(const known_document& document, std::span<const passage> passages) override {
    if (auto done = remove(document.file); !done)
      return done;
    auto& insert = statements_.put_document;
    bind_stamp(insert, document);
    insert.bind(5, next_passage_);
    insert.bind(6, static_cast<std::int64_t>(passages.size()));
    // The id is ours: RETURNING would open a savepoint, and with each the full-text index writes
    // out what it has gathered in memory, which made indexing a third slower.
    const auto id = next_document_++;
    insert.bind(7, id);
    if (auto done = insert.run(); !done)
      return done;
    for (const auto& added : passages) {
      if (auto done = put_passage(id, added); !done)
        return done;
    }
    return {};
  }

  expected<void> restamp(const known_document& document) override {
    if (auto begun = begin(); !begun)
      return begun;
    bind_stamp(statements_.restamp_document, document);
    return statements_.restamp_document.run();
  }

  expected<void> remove(const std::string& file) override {
    if (auto begun = begin(); !begun)
      return begun;
    auto& find = statements_.find_document;
    find.bind(1, file);
    auto row = find.step();
    if (!row)
      return std::move(row.error());
    if (!*row)
      return {};
    const auto id = find.integer(0);
    const auto first = find.integer(1);
    const auto last = first + find.integer(2) - 1;
    find.reset();
    if (auto done = remove_passages(first, last); !done)
      return done;
    statements_.delete_document.bind(1, id);
    return statements_.delete_document.run();
  }

  expected<void> commit() override {
    if (!std::exchange(in_transaction_, false))
      return {};
    return database_.execute("COMMIT");
  }

private:
  expected<void> begin() {
    if (std::exchange(in_transaction_, true))
      return {};
    auto begun = database_.execute("BEGIN IMMEDIATE");
    in_transaction_ = begun.has_value();
    return begun;
  }

  expected<void> put_passage(std::int64_t document, const passage& added) {
    const auto id = next_passage_++;
    auto& row = statements_.put_passage;
    row.bind(1, id);
    row.bind(2, document);
    row.bind(3, static_cast<std::int64_t>(added.line_first));
    row.bind(4, static_cast<std::int64_t>(added.kind));
    row.bind(5, added.headings);
    row.bind(6, added.text);
    if (auto done = row.run(); !done)
      return done;
    return change_terms(statements_.put_terms, id, added.headings, added.text);
  }

  expected<void> remove_passages(std::int64_t first, std::int64_t last) {
    auto& read = statements_.read_passages;
    read.bind(1, first);
    read.bind(2, last);
    // A contentless table forgets a row only when it is told the words again.
    while (true) {
      auto row = read.step();
      if (!row)
        return std::move(row.error());
      if (!*row)
        break;
      if (auto done =
              change_terms(statements_.delete_terms, read.integer(0), read.text(1), read.text(2));
          !done)
        return done;
    }
    statements_.delete_passages.bind(1, first);
    statements_.delete_passages.bind(2, last);
    return statements_.delete_passages.run();
  }

  static expected<void> change_terms(sqlite_statement& change, std::int64_t id,
                                     std::string_view headings, std::string_view body) {
    change.bind(1, id);
    change.bind(2, headings);
    change.bind(3, body);
    return change.run();
  }

  sqlite_database database_;  // destroyed last: the statements belong to it
  writer_statements statements_;
  std::int64_t next_document_;
  std::int64_t next_passage_;
  bool in_transaction_ = false;
};

}  // namespace

expected<std::unique_ptr<document_index_writer>> open_sqlite_document_writer(
    const std::filesystem::path& file, const std::filesystem::path& folder) {
  auto database = open_document_database_to_write(file, folder);
  if (!database)
    return std::move(database.error());
  auto document = database->query_integer("SELECT coalesce(max(id), 0) + 1 FROM documents");
  if (!document)
    return std::move(document.error());
  auto first = database->query_integer("SELECT coalesce(max(id), 0) + 1 FROM passages");
  if (!first)
    return std::move(first.error());
  writer_statements statements;
  if (auto prepared = prepare_all(*database, statements); !prepared)
    return prepared.error();
  return std::unique_ptr<document_index_writer>{std::make_unique<sqlite_document_writer>(
      std::move(*database), std::move(statements), *document, *first)};
}

}  // namespace libagent
