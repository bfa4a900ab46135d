#include "libagent/cache/cache_key.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace libagent;

namespace {

std::string tool_key(std::string_view arguments, std::string_view name = "search",
                     std::string_view version = "1") {
  return tool_cache_key({.name = name, .version = version, .arguments_json = arguments}).value();
}

std::string chat_key(std::string_view request, std::string_view model = "qwen3-8b@4f2a") {
  return chat_cache_key({.request_json = request, .resolved_model = model}).value();
}

/// A request with members added or replaced at its end.
std::string request_with(std::string_view members) {
  return R"({"messages":[{"role":"user","content":"Which day is it?"}])" + std::string{members} +
         "}";
}

void check_all_differ(const std::vector<std::string>& keys) {
  for (std::size_t a = 0; a < keys.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      CAPTURE(a, b);
      CHECK(keys[a] != keys[b]);
    }
  }
}

}  // namespace

TEST_CASE("a key is readable and says all that it stands for", "[cache]") {
  CHECK(tool_key(R"({"top": 3.0, "q": "x"})") == R"(["tool",1,"search","1",{"q":"x","top":3}])");
  CHECK(chat_key(R"({"model":"fast","messages":[],"stream":true})") ==
        R"(["chat",1,"qwen3-8b@4f2a",{"messages":[]}])");
}

TEST_CASE("arguments spelled differently have one key", "[cache]") {
  const auto key = tool_key(R"({"a":[1,{"b":2,"c":"\u00e4"}],"d":100})");
  CHECK(tool_key("{ \"d\" : 1e2,\n\"a\":[1.0,{\"c\":\"\xC3\xA4\",\"b\":2}] }") == key);
}

TEST_CASE("arguments that differ in anything have different keys", "[cache]") {
  check_all_differ({
      tool_key(R"({"x":1})"),
      tool_key(R"({"x":"1"})"),
      tool_key(R"({"x":1.5})"),
      tool_key(R"({"x":true})"),
      tool_key(R"({"x":null})"),
      tool_key(R"({})"),
      tool_key(R"([])"),
      tool_key(R"(null)"),
      tool_key(R"({"x":[]})"),
      tool_key(R"({"x":{}})"),
      tool_key(R"({"x":""})"),
      tool_key(R"({"x":[1,2]})"),
      tool_key(R"({"x":[2,1]})"),
      tool_key(R"({"x":[[1],2]})"),
      tool_key(R"({"x":[1,[2]]})"),
      tool_key(R"({"x":"[1,2]"})"),
      tool_key(R"({"X":1})"),
      tool_key(R"({"x":9007199254740993})"),
      tool_key(R"({"x":9007199254740992})"),
  });
}

TEST_CASE("text is neither trimmed, folded nor normalised", "[cache]") {
  check_all_differ({
      tool_key(R"({"q":"cafe"})"),
      tool_key(R"({"q":"Cafe"})"),
      tool_key(R"({"q":"cafe "})"),
      tool_key(R"({"q":" cafe"})"),
      tool_key(R"({"q":"cafe\n"})"),
      tool_key(R"({"q":"ca  fe"})"),
      tool_key(R"({"q":"ca fe"})"),
      tool_key(R"({"q":"ca\u00a0fe"})"),
      tool_key(R"({"q":"caf\u00e9"})"),
      tool_key(R"({"q":"cafe\u0301"})"),
      tool_key(R"({"q":"\u0441afe"})"),  // a Cyrillic letter that looks like c
      tool_key(R"({"q":"cafe\u200b"})"),
      tool_key(R"({"q":"cafe\u0000"})"),
  });
}

TEST_CASE("parts of a key do not run together", "[cache]") {
  check_all_differ({
      tool_key("{}", "ab", "c"),
      tool_key("{}", "a", "bc"),
      tool_key("{}", "abc", ""),
      tool_key("{}", "", "abc"),
      tool_key("{}", R"(ab","c)", ""),
      tool_key(R"("c")", "ab", ""),
      tool_key(R"(["ab","c"])", "x", ""),
      tool_key(R"(["a","bc"])", "x", ""),
      tool_key(R"({"ab":"c"})", "x", ""),
      tool_key(R"({"a":"bc"})", "x", ""),
      tool_key("{}", "x", R"(",{})"),
      chat_key("{}", "ab"),
  });
}

TEST_CASE("a new version of a tool does not find the answers of the old", "[cache]") {
  CHECK(tool_key("{}", "search", "1") != tool_key("{}", "search", "2"));
  CHECK(tool_key("{}", "search", "1") != tool_key("{}", "fetch", "1"));
}

TEST_CASE("everything that can change a model's answer is in the key", "[cache]") {
  std::vector<std::string> keys{
      chat_key(request_with("")),
      chat_key(request_with(""), "qwen3-8b@4f2b"),
      chat_key(R"({"messages":[{"role":"system","content":"Which day is it?"}]})"),
      chat_key(R"({"messages":[{"role":"user","content":"Which day is it? "}]})"),
      chat_key(R"({"messages":[{"role":"user","content":"which day is it?"}]})"),
      chat_key(R"({"messages":[{"role":"user","name":"x","content":"Which day is it?"}]})"),
  };
  for (const auto* members : {R"(,"temperature":0)",
                              R"(,"temperature":1)",
                              R"(,"temperature":null)",
                              R"(,"temperature":"0")",
                              R"(,"seed":0)",
                              R"(,"seed":1)",
                              R"(,"max_tokens":1)",
                              R"(,"max_completion_tokens":1)",
                              R"(,"top_p":1)",
                              R"(,"n":1)",
                              R"(,"n":2)",
                              R"(,"stop":"x")",
                              R"(,"stop":["x"])",
                              R"(,"presence_penalty":0)",
                              R"(,"frequency_penalty":0)",
                              R"(,"logit_bias":{"1":1})",
                              R"(,"logprobs":true)",
                              R"(,"tool_choice":"auto")",
                              R"(,"tool_choice":"none")",
                              R"(,"parallel_tool_calls":true)",
                              R"(,"response_format":{"type":"json_object"})",
                              R"(,"reasoning_effort":"low")",
                              R"(,"tools":[])",
                              R"(,"tools":[{"name":"a"},{"name":"b"}])",
                              R"(,"tools":[{"name":"b"},{"name":"a"}])",
                              R"(,"an_option_of_tomorrow":1)"}) {
    keys.push_back(chat_key(request_with(members)));
  }
  check_all_differ(keys);
}

TEST_CASE("what cannot change a model's answer is not in the key", "[cache]") {
  const auto key = chat_key(request_with(""));
  for (const auto exclusion : chat_key_exclusions) {
    CAPTURE(exclusion);
    CHECK(chat_key(request_with(",\"" + std::string{exclusion} + "\":\"x\"")) == key);
  }
  CHECK(chat_key(request_with(R"(,"stream":true,"stream_options":{"include_usage":true})")) == key);
}

TEST_CASE("an excluded name counts where it means something else", "[cache]") {
  const auto asked = [](std::string_view members) {
    return chat_key(R"({"messages":[{"role":"user","content":"x")" + std::string{members} + "}]}");
  };
  check_all_differ({asked(""), asked(R"(,"user":"a")"), asked(R"(,"user":"b")"),
                    asked(R"(,"metadata":{})"), asked(R"(,"stream":true)")});
}

TEST_CASE("the asker may name other exclusions", "[cache]") {
  const std::array<std::string_view, 1> only_trace{"trace"};
  const auto key = [&](std::string_view request) {
    return chat_cache_key(
               {.request_json = request, .resolved_model = "m", .exclusions = only_trace})
        .value();
  };
  CHECK(key(R"({"trace":1})") == key("{}"));
  CHECK(key(R"({"user":"a"})") != key("{}"));
}

TEST_CASE("no key is made of what is not sound", "[cache]") {
  const auto code_of = [](const expected<std::string>& made) {
    return made ? errc::ok : made.error().code;
  };
  const auto tool = [&](std::string_view name, std::string_view version, std::string_view json) {
    return code_of(tool_cache_key({.name = name, .version = version, .arguments_json = json},
                                  {.bytes_max = 9}));
  };
  CHECK(tool("a", "1", "{}") == errc::ok);
  CHECK(tool("\xFF", "1", "{}") == errc::invalid_argument);
  CHECK(tool("a", "\xC3", "{}") == errc::invalid_argument);
  CHECK(tool("a", "1", "{") == errc::invalid_argument);
  CHECK(tool("a", "1", "") == errc::invalid_argument);
  CHECK(tool("a", "1", R"({"a":1,"a":1})") == errc::too_large);
  CHECK(tool("a", "1", "\"\xFF\"") == errc::invalid_argument);
  const auto chat = [&](std::string_view json, std::string_view model) {
    return chat_cache_key({.request_json = json, .resolved_model = model});
  };
  CHECK(code_of(chat("{}", "m")) == errc::ok);
  CHECK(chat("{}", "").error().context == "make cache key: the resolved model is empty");
  CHECK(chat("[1]", "m").error().context ==
        R"(make cache key of chat request: expected an object, got "[1]")");
  CHECK(code_of(chat("{}", "\xFF")) == errc::invalid_argument);
}

TEST_CASE("a key is bounded in depth", "[cache]") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  const auto key_at = [&](std::size_t depth) {
    return tool_cache_key({.name = "a", .version = "1", .arguments_json = nested(depth)});
  };
  CHECK(key_at(64));
  CHECK(key_at(65).error().code == errc::invalid_argument);
  CHECK(key_at(100'000).error().code == errc::invalid_argument);
}
