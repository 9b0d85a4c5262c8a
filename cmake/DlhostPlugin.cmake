# _dl_install_rpath(OUT LIB): the RPATH of an installed file from whose folder LIB (such as "$ORIGIN/../lib") is the
# installation's lib/.
function(_dl_install_rpath OUT LIB)
  if(DLHOST_INSTALL_LIBTORCH)
    set(${OUT} "${LIB};${LIB}/dlhost/libtorch/lib" PARENT_SCOPE)
  else()
    set(${OUT} "${LIB};${DLHOST_LIBTORCH}/lib" PARENT_SCOPE)
  endif()
endfunction()

# dl_add_plugin(NAME sources… [LIBS libraries…])
#
# A plugin library NAME.so in lib/dlhost/plugins of the build tree; its target is plugin_NAME. A name with dots, X.Y,
# gives X/Y.so (target plugin_X.Y), the place where the host looks for the classes "X.Y.Class". The same function serves
# in the dlhost checkout and, after find_package(dlhost), in anyone's project.
function(dl_add_plugin NAME)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBS")
  string(REPLACE "." "/" path ${NAME})
  get_filename_component(subfolder "${path}" DIRECTORY)
  get_filename_component(file ${path} NAME)

  set(target plugin_${NAME})
  add_library(${target} MODULE ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${target} PRIVATE dl::sdk ${arg_LIBS})
  set(folder lib/dlhost/plugins)
  set(up "$ORIGIN/../..")
  if(subfolder)
    string(APPEND folder /${subfolder})
    string(REGEX REPLACE "[^/]+" ".." levels ${subfolder})
    string(APPEND up /${levels})
  endif()
  _dl_install_rpath(rpath ${up})
  set_target_properties(${target} PROPERTIES
    PREFIX "" SUFFIX ".so" OUTPUT_NAME ${file}
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/${folder}
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    INSTALL_RPATH "${rpath}")
  # A missing symbol is an error here rather than at the user's. (Off for one plugin: link option -Wl,-z,undefs.)
  target_link_options(${target} PRIVATE -Wl,-z,defs)
  install(TARGETS ${target} LIBRARY DESTINATION ${folder})

  # Only in the checkout: the shared precompiled header and our own warnings.
  if(TARGET dl_pch)
    target_precompile_headers(${target} REUSE_FROM dl_pch)
  endif()
  if(TARGET dl_warnings)
    target_link_libraries(${target} PRIVATE dl_warnings)
  endif()
endfunction()
