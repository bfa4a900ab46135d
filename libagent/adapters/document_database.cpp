#include "libagent/adapters/document_database.hpp"

#include "libagent/adapters/fts_tokenizer.hpp"
#include "libagent/knowledge/content_hash.hpp"

#include <array>
#include <system_error>

namespace libagent {

namespace {

// Raise it with every change of the tables, the terms or the passages.
constexpr std::int64_t format_version = 1;
constexpr std::int64_t application_id = 0x6C616449;  // "ladI"

// The full-text table is contentless: the texts are in `passages` once, and nowhere segmented.
// Passages of one document have consecutive ids, so no index of them by document is needed.
constexpr const char* create_tables = R"sql(
  CREATE TABLE about (folder TEXT NOT NULL);
  CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    file TEXT NOT NULL UNIQUE,
    size_bytes INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    content_hash INTEGER NOT NULL,
    passage_first INTEGER NOT NULL,
    passage_count INTEGER NOT NULL);
  CREATE TABLE passages (
    id INTEGER PRIMARY KEY,
    document INTEGER NOT NULL,
    line_first INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    headings TEXT NOT NULL,
    body TEXT NOT NULL);
  CREATE VIRTUAL TABLE terms USING fts5(headings, body, content='', tokenize='libagent');
  INSERT INTO terms(terms, rank) VALUES('automerge', 8);
  INSERT INTO terms(terms, rank) VALUES('hashsize', 33554432);
)sql";

expected<void> create_if_empty(sqlite_database& database, const std::filesystem::path& folder) {
  auto version = database.query_integer("PRAGMA user_version");
  if (!version)
    return std::move(version.error());
  if (*version != 0)
    return {};
  // WAL first: the mode cannot change inside a transaction.
  if (auto done = database.execute("PRAGMA journal_mode=WAL; BEGIN IMMEDIATE"); !done)
    return done;
  if (auto done = database.execute(create_tables); !done)
    return done;
  auto insert = database.prepare("INSERT INTO about(folder) VALUES(?1)");
  if (!insert)
    return std::move(insert.error());
  const auto name = folder.string();
  insert->bind(1, name);
  if (auto done = insert->run(); !done)
    return done;
  return database.execute("PRAGMA user_version=" + std::to_string(format_version) +
                          "; PRAGMA application_id=" + std::to_string(application_id) + "; COMMIT");
}

expected<void> check_format(sqlite_database& database, const std::filesystem::path& file,
                            const std::filesystem::path& folder) {
  auto version = database.query_integer("PRAGMA user_version");
  if (!version)
    return std::move(version.error());
  if (*version == 0) {
    return error{errc::unavailable,
                 "open index " + file.string() + ": it has just been begun; try again"};
  }
  if (*version != format_version) {
    return error{errc::corrupt, "open index " + file.string() + ": it has format " +
                                    std::to_string(*version) + ", this program knows " +
                                    std::to_string(format_version)};
  }
  auto about = database.prepare("SELECT folder FROM about");
  if (!about)
    return std::move(about.error());
  auto row = about->step();
  if (!row)
    return std::move(row.error());
  if (!*row || about->text(0) != folder.string()) {
    return error{errc::corrupt,
                 "open index " + file.string() + ": it is not of " + folder.string()};
  }
  return {};
}

expected<sqlite_database> prepare_connection(expected<sqlite_database> opened,
                                             const std::string& pragmas) {
  if (!opened)
    return opened;
  if (auto done = opened->execute(pragmas); !done)
    return with_rebuild_advice(done.error());
  if (auto done = register_fts_tokenizer(*opened); !done)
    return done.error();
  return opened;
}

}  // namespace

std::filesystem::path document_database_path(const std::filesystem::path& data_dir,
                                             const std::filesystem::path& folder) {
  constexpr std::string_view digits = "0123456789abcdef";
  auto hash = content_hash(folder.string());
  std::string name;
  for (auto i = 0; i < 16; ++i, hash >>= 4U)
    name.push_back(digits[hash & 0xFU]);
  return data_dir / "index" / (name + ".db");
}

expected<sqlite_database> open_document_database_to_read(const std::filesystem::path& file,
                                                         const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored))
    return error{errc::not_found, "open index of " + folder.string() + ": it was never indexed"};
  auto opened = prepare_connection(sqlite_database::open(file, sqlite_database::access::read),
                                   "PRAGMA cache_size=-1024");
  if (!opened)
    return opened;
  if (auto valid = check_format(*opened, file, folder); !valid)
    return with_rebuild_advice(valid.error());
  return opened;
}

expected<sqlite_database> open_document_database_to_write(const std::filesystem::path& file,
                                                          const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(file.parent_path(), failed);
  if (failed) {
    return error{errc::io_failed,
                 "make directory " + file.parent_path().string() + ": " + failed.message()};
  }
  // NORMAL in WAL mode: a killed process loses nothing, a power cut at most the last commits, and
  // neither damages the file. What is lost is indexed again, as its stamp is lost with it.
  auto opened = prepare_connection(sqlite_database::open(file, sqlite_database::access::write),
                                   "PRAGMA synchronous=NORMAL; PRAGMA secure_delete=OFF; "
                                   "PRAGMA cache_size=-16384; PRAGMA wal_autocheckpoint=8192");
  if (!opened)
    return opened;
  if (auto created = create_if_empty(*opened, folder); !created)
    return with_rebuild_advice(created.error());
  if (auto valid = check_format(*opened, file, folder); !valid)
    return with_rebuild_advice(valid.error());
  return opened;
}

error with_rebuild_advice(error failure) {
  constexpr std::string_view advice =
      "; the index can be made again from the documents: run index_folder with rebuild";
  if (failure.code == errc::corrupt && failure.context.find(advice) == std::string::npos)
    failure.context += advice;
  return failure;
}

expected<void> delete_document_database(const std::filesystem::path& file) {
  for (const auto* ending : {"", "-wal", "-shm"}) {
    std::error_code failed;
    std::filesystem::remove(file.string() + ending, failed);
    if (failed)
      return error{errc::io_failed, "delete " + file.string() + ending + ": " + failed.message()};
  }
  return {};
}

}  // namespace libagent
