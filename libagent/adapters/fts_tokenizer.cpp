#include "libagent/adapters/fts_tokenizer.hpp"

#include "libagent/knowledge/stop_words.hpp"
#include "libagent/knowledge/terms.hpp"

#include <sqlite3.h>
#include <string_view>

namespace libagent {

namespace {

using token_sink = int (*)(void*, int, const char*, int, int, int);

// The tokenizer has no state; FTS5 wants an address that is not null.
int stateless_tokenizer = 0;

int create_tokenizer(void*, const char**, int, Fts5Tokenizer** out) {
  *out = reinterpret_cast<Fts5Tokenizer*>(&stateless_tokenizer);
  return SQLITE_OK;
}

void delete_tokenizer(Fts5Tokenizer*) {}

int tokenize_text(Fts5Tokenizer*, void* context, int flags, const char* text, int size,
                  token_sink sink) {
  if ((flags & FTS5_TOKENIZE_QUERY) != 0)
    return sink(context, 0, text, size, 0, size);
  term_reader reader{{text, static_cast<std::size_t>(size)}};
  while (const auto* found = reader.next()) {
    if (is_function_word(found->word))
      continue;
    const auto result = sink(context, 0, found->stem.data(), static_cast<int>(found->stem.size()),
                             static_cast<int>(found->begin), static_cast<int>(found->end));
    if (result != SQLITE_OK)
      return result;
  }
  return SQLITE_OK;
}

expected<fts5_api*> find_fts5(sqlite_database& database) {
  auto statement = database.prepare("SELECT fts5(?1)");
  if (!statement)
    return error{errc::unsupported, "find FTS5: " + statement.error().context};
  fts5_api* api = nullptr;
  statement->bind_pointer(1, static_cast<void*>(&api), "fts5_api_ptr");
  auto row = statement->step();
  if (!row)
    return std::move(row.error());
  if (api == nullptr)
    return error{errc::unsupported, "find FTS5: this SQLite is built without it"};
  return api;
}

}  // namespace

expected<void> register_fts_tokenizer(sqlite_database& database) {
  auto api = find_fts5(database);
  if (!api)
    return std::move(api.error());
  fts5_tokenizer functions{create_tokenizer, delete_tokenizer, tokenize_text};
  if ((*api)->xCreateTokenizer(*api, "libagent", nullptr, &functions, nullptr) != SQLITE_OK)
    return sqlite_error(database.handle(), "register tokenizer");
  return {};
}

}  // namespace libagent
