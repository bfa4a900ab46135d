#include "libagent/session/conversation_memory.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("a conversation remembers its latest question only", "[session]") {
  conversation_memory memory{10};
  CHECK(memory.previous("a").empty());
  memory.remember("a", "first");
  memory.remember("a", "second");
  memory.remember("b", "other");
  CHECK(memory.previous("a") == "second");
  CHECK(memory.previous("b") == "other");
}

TEST_CASE("the conversation unused for longest is forgotten first", "[session]") {
  conversation_memory memory{2};
  memory.remember("a", "1");
  memory.remember("b", "2");
  memory.remember("a", "3");
  memory.remember("c", "4");
  CHECK(memory.size() == 2);
  CHECK(memory.previous("b").empty());
  CHECK(memory.previous("a") == "3");
}
