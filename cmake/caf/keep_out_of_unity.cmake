# Two of CAF's sources define helpers whose names collide with those of other
# sources in the same unity batch (max_value and port_of). The targets do not
# exist yet when this file is read, hence the deferred call.
function(libagent_keep_out_of_unity)
  set_source_files_properties("${CMAKE_SOURCE_DIR}/libcaf_core/src/binary_serializer.cpp"
    TARGET_DIRECTORY libcaf_core PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  set_source_files_properties("${CMAKE_SOURCE_DIR}/libcaf_io/src/io/network/native_socket.cpp"
    TARGET_DIRECTORY libcaf_io PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
cmake_language(DEFER CALL libagent_keep_out_of_unity)
