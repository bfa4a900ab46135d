#include "libagent/adapters/database_schema.hpp"

#include <string>

namespace libagent {

namespace {

expected<void> migrate_schema(sqlite_database& database, const database_schema& schema,
                              std::int64_t from) {
  std::string sql = "BEGIN IMMEDIATE;";
  for (auto step = static_cast<std::size_t>(from); step < schema.migrations.size(); ++step)
    sql += schema.migrations[step];
  sql += "PRAGMA application_id=" + std::to_string(schema.application_id) +
         ";PRAGMA user_version=" + std::to_string(schema.migrations.size()) + ";COMMIT";
  auto done = database.execute(sql);
  if (!done)
    static_cast<void>(database.execute("ROLLBACK"));
  return done;
}

}  // namespace

expected<void> prepare_schema(sqlite_database& database, const database_schema& schema) {
  const auto application = database.query_integer("PRAGMA application_id");
  if (!application)
    return application.error();
  const auto version = database.query_integer("PRAGMA user_version");
  if (!version)
    return version.error();
  const auto tables = database.query_integer("SELECT count(*) FROM sqlite_schema");
  if (!tables)
    return tables.error();
  const bool is_empty = *application == 0 && *version == 0 && *tables == 0;
  if (!is_empty && *application != schema.application_id)
    return error{errc::corrupt, "it is another program's database, or damaged"};
  if (*version > schema.version()) {
    return error{errc::unsupported,
                 "it has version " + std::to_string(*version) + ", this program knows up to " +
                     std::to_string(schema.version()) + "; use a newer program or another file"};
  }
  if (*version == schema.version())
    return {};
  if (!is_empty && *version < 1)
    return error{errc::corrupt, "it has the unknown version " + std::to_string(*version)};
  return migrate_schema(database, schema, *version);
}

}  // namespace libagent
