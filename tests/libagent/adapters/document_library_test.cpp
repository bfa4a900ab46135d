#include "libagent/adapters/document_library.hpp"

#include "tests/support/indexed_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>

using namespace libagent;
using testing::indexed_folder;
using testing::temporary_folder;

TEST_CASE("names are resolved within the documents' folder", "[documents]") {
  const temporary_folder root;
  const temporary_folder outside;
  root.write("sub/a.txt", "apple");
  std::filesystem::create_directory_symlink(outside.path(), root.path() / "link");
  const document_library library{root.path(), root.path() / "data"};
  CHECK(library.resolve("").value_or("") == root.path());
  CHECK(library.resolve("sub").value_or("") == root.path() / "sub");
  CHECK(library.resolve((root.path() / "sub" / ".." / "sub").string()).value_or("") ==
        root.path() / "sub");
  for (const auto& name :
       {std::string{".."}, std::string{"/etc"}, outside.path().string(),
        root.path().string() + "-other", std::string{"link"}, std::string{"../nosuch"}}) {
    CAPTURE(name);
    const auto refused = library.resolve(name);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::invalid_argument);
  }
  CHECK(library.resolve("nosuch").error().code == errc::not_found);
}

TEST_CASE("an index that was rebuilt is opened anew", "[documents]") {
  const indexed_folder folder;
  folder.documents.write("a.txt", "apple");
  REQUIRE(folder.index());
  document_library library{folder.documents.path(), folder.data.path()};
  const auto first = library.index_of(folder.documents.path());
  REQUIRE(first);
  CHECK(library.index_of(folder.documents.path()).value() == *first);
  folder.documents.write("b.txt", "apple");
  REQUIRE(folder.index({.rebuild = true}));
  const auto second = library.index_of(folder.documents.path());
  REQUIRE(second);
  CHECK((*second)->summary()->documents == 2);
}
