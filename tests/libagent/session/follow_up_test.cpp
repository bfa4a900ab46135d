#include "libagent/session/follow_up.hpp"

#include <catch2/catch.hpp>

using namespace libagent;

TEST_CASE("a question that stands on its own is searched for as it is", "[session]") {
  CHECK(resolve_follow_up("What does the cache do?", "How many workers are there?") ==
        "How many workers are there?");
}

TEST_CASE("a question that begins with a connecting word leans on the one before", "[session]") {
  CHECK(resolve_follow_up("What does the cache do?", "And when memory is short?") ==
        "What does the cache do? And when memory is short?");
  CHECK(resolve_follow_up("What does the cache do?", "What about expiry?") ==
        "What does the cache do? What about expiry?");
}

TEST_CASE("a short question with a pronoun leans on the one before", "[session]") {
  CHECK(resolve_follow_up("What is the journal?", "Where is it stored?") ==
        "What is the journal? Where is it stored?");
}

TEST_CASE("a long question with a pronoun stands on its own", "[session]") {
  const auto* question = "When the dispatcher dies, which of the tasks that it tracked are lost?";
  CHECK(resolve_follow_up("What is the journal?", question) == question);
}

TEST_CASE("Chinese connectors and pronouns lean too", "[session]") {
  CHECK(resolve_follow_up("缓存是什么？", "那容量呢？") == "缓存是什么？ 那容量呢？");
  CHECK(resolve_follow_up("缓存是什么？", "它的容量是多少？") == "缓存是什么？ 它的容量是多少？");
}

TEST_CASE("the first question of a conversation has nothing to lean on", "[session]") {
  CHECK(resolve_follow_up("", "And now?") == "And now?");
}

TEST_CASE("words that only contain a pronoun do not lean", "[session]") {
  CHECK(resolve_follow_up("What is a lane?", "Which items fit?") == "Which items fit?");
}
