# Targets are made from folders, so that a new file needs no change here.

# Sets `out` to the sources that match the patterns; tests and generated files are elsewhere.
function(libagent_sources out)
  cmake_parse_arguments(arg "" "" "SOURCES;EXCEPT" ${ARGN})
  list(TRANSFORM arg_SOURCES PREPEND "${PROJECT_SOURCE_DIR}/")
  file(GLOB_RECURSE found CONFIGURE_DEPENDS ${arg_SOURCES})
  foreach(unwanted IN LISTS arg_EXCEPT)
    list(FILTER found EXCLUDE REGEX "^${PROJECT_SOURCE_DIR}/${unwanted}")
  endforeach()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

# libagent_add_room_library(name SOURCES pattern... [EXCEPT folder...] [PUBLIC lib...] [PRIVATE lib...])
# makes the target libagent_<name>, exported as libagent::<name>. Without a
# source it is an interface library, so that the rest can name it anyway.
function(libagent_add_room_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;EXCEPT;PUBLIC;PRIVATE" ${ARGN})
  libagent_sources(sources SOURCES ${arg_SOURCES} EXCEPT ${arg_EXCEPT})
  set(target libagent_${name})
  set(scope PUBLIC)
  if(sources)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:libagent_flags>)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(libagent::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} OUTPUT_NAME agent_${name})
  target_compile_features(${target} ${scope} cxx_std_20)
  target_link_libraries(${target} ${scope} ${arg_PUBLIC})
  target_include_directories(${target} ${scope}
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/libagent>)
  set_property(GLOBAL APPEND PROPERTY libagent_exported ${target})
endfunction()

# libagent_add_program(target OUTPUT name FOLDER folder [LINK lib...])
# makes a program from all sources of a folder, or nothing when there are none.
# All but main.cpp goes into the library <target>_parts, so that tests can link it.
function(libagent_add_program target)
  cmake_parse_arguments(arg "" "OUTPUT;FOLDER" "LINK;EXCEPT" ${ARGN})
  libagent_sources(sources SOURCES "${arg_FOLDER}/*.cpp"
    EXCEPT "${arg_FOLDER}/main.cpp" ${arg_EXCEPT})
  set(main "${PROJECT_SOURCE_DIR}/${arg_FOLDER}/main.cpp")
  if(sources)
    add_library(${target}_parts STATIC ${sources})
    target_link_libraries(${target}_parts PUBLIC ${arg_LINK} PRIVATE libagent_flags)
    target_compile_definitions(${target}_parts PRIVATE LIBAGENT_VERSION="${PROJECT_VERSION}")
    set(arg_LINK ${target}_parts)
  endif()
  if(EXISTS "${main}")
    add_executable(${target} "${main}")
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${arg_OUTPUT})
    target_link_libraries(${target} PRIVATE ${arg_LINK} libagent_flags)
    target_compile_definitions(${target} PRIVATE LIBAGENT_VERSION="${PROJECT_VERSION}")
  endif()
endfunction()
