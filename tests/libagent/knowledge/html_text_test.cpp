#include "libagent/knowledge/html_text.hpp"

#include "libagent/base/random.hpp"
#include "libagent/knowledge/passages.hpp"
#include "libagent/knowledge/sentences.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace libagent;

namespace {

std::vector<sentence> sentences_of_html(std::string_view html) {
  std::vector<sentence> all;
  for (const auto& part : make_passages(html_to_text(html), text_kind::html)) {
    for (auto& found : split_sentences(part.text, part.kind, part.line_first))
      all.push_back(std::move(found));
  }
  return all;
}

}  // namespace

TEST_CASE("words of HTML keep the line they have in the file", "[knowledge]") {
  const auto found = sentences_of_html(
      "<!DOCTYPE html>\n<html><head>\n<title>Guide</title>\n</head><body\n class=\"a>b\">\n"
      "<p>First\nsentence.</p><p>Second.</p>\n</body></html>\n");
  REQUIRE(found.size() == 3);
  CHECK(found[0] == sentence{"Guide", 3, 3, sentence_role::heading});
  CHECK(found[1] == sentence{"First sentence.", 6, 7, sentence_role::prose});
  CHECK(found[2] == sentence{"Second.", 7, 7, sentence_role::prose});
}

TEST_CASE("scripts, styles and comments are left out, their lines are not", "[knowledge]") {
  const auto found = sentences_of_html(
      "<script>\nif (a < b) alert('</p>');\n</script>\n<style>\np {}\n</style><!-- a\nb -->Text");
  REQUIRE(found.size() == 1);
  CHECK(found[0] == sentence{"Text", 7, 7, sentence_role::prose});
}

TEST_CASE("headings are headings wherever they stand", "[knowledge]") {
  const auto made =
      make_passages(html_to_text("<h1>\nA\n</h1><p>x</p><h2 id='q'>B</h2>y"), text_kind::html);
  REQUIRE(made.size() == 2);
  CHECK(made[0].headings == "A");
  CHECK(made[1].headings == "A > B");
}

TEST_CASE("preformatted text is code", "[knowledge]") {
  const auto found = sentences_of_html("<p>Run</p>\n<pre>make\ninstall</pre>\n<p>Done</p>");
  REQUIRE(found.size() == 4);
  CHECK(found[1] == sentence{"make", 2, 2, sentence_role::code});
  CHECK(found[2] == sentence{"install", 3, 3, sentence_role::code});
  CHECK(found[3].role == sentence_role::prose);
}

TEST_CASE("character references are decoded, unknown ones kept", "[knowledge]") {
  CHECK(html_to_text("a &lt; b &amp;&amp; c&nbsp;d &#228;&#x4e2d; &hellip; &nosuch; &#0; & x") ==
        "a < b && c d ä中 … &nosuch; &#0; & x");
}

TEST_CASE("a lone angle bracket is text", "[knowledge]") {
  CHECK(html_to_text("1 < 2 and 3<4") == "1 < 2 and 3<4");
}

TEST_CASE("a quote that is never closed does not swallow the document", "[knowledge]") {
  CHECK(html_to_text("<a href=\"x>word</a> rest").find("rest") != std::string::npos);
}

TEST_CASE("any bytes can be read as HTML without losing a line", "[knowledge]") {
  seeded_random random{GENERATE(range(std::uint64_t{0}, std::uint64_t{50}))};
  const std::string_view alphabet = "<<>>//!--\"'= \nabpreh1&#;xscript";
  std::string html(2'000, ' ');
  for (auto& c : html)
    c = alphabet[random() % alphabet.size()];
  CHECK(std::ranges::count(html_to_text(html), '\n') == std::ranges::count(html, '\n'));
}

TEST_CASE("deep nesting costs no stack and linear time", "[knowledge]") {
  std::string html;
  for (auto i = 0; i < 500'000; ++i)
    html += "<div>";
  CHECK(html_to_text(html + "deep") == "deep");
}
