# What find_package(dlhost) needs, in lib/cmake/dlhost of an installation and usable from the build tree as well
# (-Ddlhost_DIR=BUILD/lib/cmake/dlhost).
include(CMakePackageConfigHelpers)
set(DLHOST_CMAKE_DIR lib/cmake/dlhost)
set(DLHOST_LIBTORCH_DIR lib/dlhost/libtorch)

# _dl_package_config(FILE LIBTORCH): dlhostConfig.cmake, which looks for LibTorch in the folder LIBTORCH.
function(_dl_package_config FILE _libtorch)
  configure_package_config_file(cmake/dlhostConfig.cmake.in ${FILE} INSTALL_DESTINATION ${DLHOST_CMAKE_DIR})
endfunction()
_dl_package_config(${PROJECT_BINARY_DIR}/${DLHOST_CMAKE_DIR}/dlhostConfig.cmake ${DLHOST_LIBTORCH})
if(DLHOST_INSTALL_LIBTORCH)
  _dl_package_config(${PROJECT_BINARY_DIR}/installed/dlhostConfig.cmake "\${PACKAGE_PREFIX_DIR}/${DLHOST_LIBTORCH_DIR}")
else()
  _dl_package_config(${PROJECT_BINARY_DIR}/installed/dlhostConfig.cmake ${DLHOST_LIBTORCH})
endif()
# Plugins and host must be of one version: the SDK's ABI promises nothing beyond it.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/${DLHOST_CMAKE_DIR}/dlhostConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
configure_file(cmake/LibTorch.cmake ${DLHOST_CMAKE_DIR}/LibTorch.cmake COPYONLY)
configure_file(cmake/DlhostPlugin.cmake ${DLHOST_CMAKE_DIR}/DlhostPlugin.cmake COPYONLY)

if(TARGET dlsdk)
  install(TARGETS dlsdk EXPORT dlhostTargets LIBRARY DESTINATION lib)
  install(DIRECTORY sdk/include/ DESTINATION include)
  install(EXPORT dlhostTargets NAMESPACE dl:: DESTINATION ${DLHOST_CMAKE_DIR})
  export(EXPORT dlhostTargets NAMESPACE dl:: FILE ${PROJECT_BINARY_DIR}/${DLHOST_CMAKE_DIR}/dlhostTargets.cmake)
  install(DIRECTORY ${PROJECT_BINARY_DIR}/${DLHOST_CMAKE_DIR}/ DESTINATION ${DLHOST_CMAKE_DIR}
    FILES_MATCHING PATTERN "*.cmake" PATTERN "dlhostTargets*" EXCLUDE PATTERN "dlhostConfig.cmake" EXCLUDE)
  install(FILES ${PROJECT_BINARY_DIR}/installed/dlhostConfig.cmake DESTINATION ${DLHOST_CMAKE_DIR})
endif()
if(TARGET dlhost)
  install(TARGETS dlhost RUNTIME DESTINATION bin)
endif()
if(DLHOST_INSTALL_LIBTORCH)
  install(DIRECTORY ${DLHOST_LIBTORCH}/lib ${DLHOST_LIBTORCH}/include DESTINATION ${DLHOST_LIBTORCH_DIR}
    USE_SOURCE_PERMISSIONS)
  if(EXISTS ${DLHOST_LIBTORCH}/cuda/include)
    install(DIRECTORY ${DLHOST_LIBTORCH}/cuda DESTINATION ${DLHOST_LIBTORCH_DIR} USE_SOURCE_PERMISSIONS)
  endif()
endif()
