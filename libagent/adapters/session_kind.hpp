#pragma once

#include "libagent/adapters/kept_database.hpp"

namespace libagent {

/// Session stores among the databases: how one is checked, and saved when it is damaged.
///
/// Of a session of which only the name is left, in an index, there is a head afterwards that is not
/// sound: loading it says so.
class session_kind final : public database_kind {
public:
  [[nodiscard]] database_schema schema() const override;
  [[nodiscard]] std::vector<std::string> own_tables() const override;
  [[nodiscard]] std::vector<rescued_table> tables(sqlite_database& from) const override;
  [[nodiscard]] expected<void> check(sqlite_database& database) const override;
  [[nodiscard]] expected<saved_rows> rescue(sqlite_database& from,
                                            sqlite_database& to) const override;
};

}  // namespace libagent
