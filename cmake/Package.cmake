# What find_package(dlhost) needs, in lib/cmake/dlhost of an install and usable from the build tree as well
# (-Ddlhost_DIR=BUILD/lib/cmake/dlhost).
include(CMakePackageConfigHelpers)
set(DLHOST_CMAKE_DIR lib/cmake/dlhost)
configure_package_config_file(cmake/dlhostConfig.cmake.in ${PROJECT_BINARY_DIR}/${DLHOST_CMAKE_DIR}/dlhostConfig.cmake
  INSTALL_DESTINATION ${DLHOST_CMAKE_DIR})
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
    FILES_MATCHING PATTERN "*.cmake" PATTERN "dlhostTargets*" EXCLUDE)
endif()
if(TARGET dlhost)
  install(TARGETS dlhost RUNTIME DESTINATION bin)
endif()
